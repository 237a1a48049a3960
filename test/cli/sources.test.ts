import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realPlanOf } from '../../src/cli/asked-world.js';
import type { Testbed } from '../../src/experiment/hosts/read-testbed.js';
import { readSources } from '../../src/experiment/sweep/kept-sources.js';
import { gatherSources } from '../../src/experiment/sweep/sources.js';
import { readSweep } from '../../src/experiment/sweep/store.js';
import type { Result } from '../../src/results/result.js';
import { writePolicy } from '../policy-files/policy-texts.js';
import { pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();

/** An experiment that names a file of each kind, by relative and absolute paths; returns its folder. */
function writeExperiment(): string {
  const at = join(folder, 'a');
  const write = (name: string, ...lines: string[]) => writeFileSync(join(at, name), `${lines.join('\n')}\n`);
  for (const name of ['exp', 'data']) mkdirSync(join(at, name), { recursive: true });
  writePolicy(join(at, 'policies/keep.ts'));
  write('data/q.csv', 'probability,value', '0,1us', '0.9,2us', '1,40us');
  write('data/own.yaml', 'name: own', 'types:', '  - { name: A, ratio: 1, service: { empirical: { file: q.csv } } }');
  write('data/trace.csv', 'arrival_ns,type,service_ns', ...Array.from({ length: 400 }, (_, i) => `${i * 900},A,5000`));
  write('exp/mine.yaml', 'name: mine', 'title: Mine', 'policy: ../policies/keep.ts:keep=3', 'delays: { wire: 1us }');
  write(
    'exp/experiment.yaml',
    'policies: [../policies/keep.ts]',
    `workload: [${at}/data/own.yaml, ../data/trace.csv]`,
    'workers: 8',
    'requests: 400',
    'series:',
    '  - system: mine.yaml',
    '  - policy: keep:keep=2',
  );
  return at;
}

describe('the folder of a sweep', () => {
  it('keeps what the sweep was made from, and works wherever it is carried', { timeout: 60_000 }, async () => {
    const at = writeExperiment();
    const swept = await pspHere(['sweep', 'exp/experiment.yaml', '--out', 'swept'], at);
    expect([swept.code, swept.err, swept.out]).toEqual([0, '', expect.stringContaining('4 points: 4 run\n')]);
    const [id] = readdirSync(join(at, 'swept/sources'));
    const carried = join(folder, 'b/carried');
    mkdirSync(join(folder, 'b'));
    renameSync(join(at, 'swept'), carried);
    rmSync(at, { recursive: true });

    const verify = (path: string) => pspHere(['verify', path, '--allow-policies'], folder);
    const same = '4 of 4 points run again: 4 the same, 0 differ';
    expect(await verify(carried)).toEqual({ code: 0, err: '', out: same });

    const { points } = readSweep(carried);
    for (const { command, result } of points) {
      expect(command).toContain(` --workload sources/${id}/data/`);
      const { out } = await pspHere([...command.split(' ').slice(1), '--json', '-'], carried);
      expect((JSON.parse(out) as Result[])[0]!.digest).toBe(result.digest);
    }
    expect(new Set(points.map(({ command }) => /--(?:system|policy) (\S+)/.exec(command)![1]))).toEqual(
      new Set([`sources/${id}/exp/mine.yaml`, `./sources/${id}/policies/keep.ts:keep:keep=2`]),
    );

    // The copy of the experiment has the same points, and is made from the same files.
    const again = await pspHere(['sweep', `sources/${id}/exp/experiment.yaml`, '--out', '.'], carried);
    expect([again.code, again.err]).toEqual([0, '']);
    expect(again.out).toContain('4 points: 0 run, 4 were there already');
    expect(readdirSync(join(carried, 'sources')).sort()).toEqual([id, `${id}.json`]);

    const merged = join(folder, 'merged');
    expect((await pspHere(['merge', carried, '--out', merged], folder)).code).toBe(0);
    expect(readdirSync(join(merged, 'sources')).sort()).toEqual([id, `${id}.json`]);
    const changed = join(merged, `sources/${id}/data/own.yaml`);
    writeFileSync(changed, readFileSync(changed, 'utf8').replace('own', 'OWN'));
    const { code, out, err } = await verify(merged);
    expect([code, out]).toEqual([1, `${same}; 1 of its sources changed`]);
    expect(err).toMatch(/^psp: .*\/data\/own\.yaml: expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}$/);
    const list = join(merged, `sources/${id}.json`);
    writeFileSync(list, readFileSync(list, 'utf8').replace('data/own.yaml', '../../../own.yaml'));
    expect(readSources(merged).wrong).toEqual([
      expect.stringMatching(/sources\/\w+\.json: files\[\d\]\.path: expected a path without \.\./),
    ]);

    // As an older version has written it.
    rmSync(join(merged, 'sources'), { recursive: true });
    const older = await verify(merged);
    expect([older.code, older.out]).toEqual([
      0,
      '2 of 2 points run again: 2 the same, 0 differ; 2 cannot be run again',
    ]);
    expect(older.err).toMatch(/^psp: psp sim --workload sources\S+\/trace\.csv .*trace\.csv: cannot be read/m);
  });

  it('keeps only the digest of a large file, and says so; a pipe and what comes with psp are no files', () => {
    const trace = join(folder, 'large.csv');
    writeFileSync(trace, 'arrival_ns,type,service_ns\n');
    truncateSync(trace, (16 << 20) + 1);
    const notes = new Set<string>();
    const { files, find } = gatherSources({}, [{ lists: { workload: [trace, 'bimodal'] } }], notes)!;
    const { content, ...listed } = files[0]!;
    expect([files.length, content === undefined, find(trace)]).toEqual([1, true, trace]);
    expect(listed).toEqual({
      path: 'large.csv',
      bytes: (16 << 20) + 1,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect([...notes]).toEqual([expect.stringContaining('large.csv has 17 MB, above 16: the folder keeps only its')]);
    const host = (config: string) => ({ host: { config } });
    for (const name of ['hosts.yaml', 'server.yaml', 'client.yaml']) writeFileSync(join(folder, name), 'a: 1\n');
    const [file, server] = [join(folder, 'hosts.yaml'), host('server.yaml')];
    const hosts = { file, server, clients: [host('client.yaml')], digest: '' } as unknown as Testbed;
    const there = gatherSources({ hosts }, [])!;
    expect(there.files.map(({ path }) => path)).toEqual(['client.yaml', 'hosts.yaml', 'server.yaml']);
    expect(realPlanOf({ hosts }, {}, there)!.hosts!.file).toBe(`sources/${there.id}/hosts.yaml`);
    expect(gatherSources({ experiments: ['/dev/null'] }, [{ lists: { workload: ['bimodal'] } }])).toBeUndefined();
  });
});
