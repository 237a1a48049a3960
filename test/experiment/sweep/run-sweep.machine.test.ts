import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { receiveSpec } from '../../../src/experiment/plan/run-spec.js';
import type { Engine } from '../../../src/experiment/sweep/engine.js';
import { localEngine } from '../../../src/experiment/sweep/local-engine.js';
import { mergeSweeps } from '../../../src/experiment/sweep/merge-sweeps.js';
import { failedPoint, type PlannedPoint } from '../../../src/experiment/sweep/planned-point.js';
import { runSweep as runSweepHere } from '../../../src/experiment/sweep/run-sweep.js';
import { readPoint, readSweep, writeFailure, writePoint } from '../../../src/experiment/sweep/store.js';
import { EnvironmentError } from '../../../src/units/errors.js';
import { engine, runReplicated, runSweep, threads } from './built.js';
import { folders, plan, poisoned } from './points.js';

const folder = folders();

/** An engine that notes what it was given. */
function watched(): Engine & { readonly given: readonly string[] } {
  const given: string[] = [];
  return {
    given,
    run(points, hooks) {
      given.push(...points.map(({ key }) => key));
      return engine.run(points, hooks);
    },
  };
}

describe('a sweep', () => {
  it('has the results of the single runs, whatever ran beside them', async () => {
    const out = folder();
    const points = await plan({ replications: [2] });
    const outcome = await runSweep(points, { out });
    expect([outcome.ran, outcome.present, outcome.left, outcome.failures]).toEqual([4, 0, 0, []]);
    for (const { key, spec, replications, command } of points) {
      const [alone] = await runReplicated([receiveSpec(spec)], replications, { threads });
      const point = readPoint(out, key)!;
      expect(point.command).toBe(command);
      expect(point.result.digest).toBe(alone!.result!.digest);
      expect(point.result.types).toEqual(alone!.result!.types);
    }
    expect(new Set(outcome.points.map(({ result }) => result.digest)).size).toBe(4);
  });

  it.each([
    ['process', /^no more files$/, []],
    ['run', undefined, ['no more files', 'no more files', 'no more files']],
  ] as const)(
    'ends when a lack concerns the %s only if no other point can run either',
    async (concerns, thrown, kept) => {
      const out = folder();
      const [first, ...others] = await plan();
      await runSweep([first!], { out });
      const without = localEngine({
        cores: 2,
        run: () => Promise.reject(new EnvironmentError('no more files', concerns)),
        close() {},
      });
      const sweep = runSweepHere([first!, ...others], { out, engine: without });
      if (thrown) await expect(sweep).rejects.toThrow(thrown);
      else expect((await sweep).failures.map(({ message }) => message)).toEqual(kept);
      // A point that did not fail by itself is not kept as failed.
      expect(readSweep(out).failed.map(({ error }) => error)).toEqual(kept);
      expect(readSweep(out).points.map(({ key }) => key)).toEqual([first!.key]);
    },
  );

  it('runs only what is not there: nothing again, what is new, and what is cut short', async () => {
    const out = folder();
    const points = await plan();
    await runSweep(points.slice(0, 2), { out });
    const enlarged = watched();
    const second = await runSweep(points, { out, engine: enlarged });
    expect(enlarged.given).toEqual(points.slice(2).map(({ key }) => key));
    expect([second.ran, second.present]).toEqual([2, 2]);

    truncateSync(join(out, 'points', `${points[1]!.key}.json`), 300);
    // A whole point, but of another key.
    writeFileSync(join(out, 'points', `${points[2]!.key}.json`), JSON.stringify(readPoint(out, points[0]!.key)));
    const repaired = watched();
    const notes: string[] = [];
    await runSweep(points, { out, engine: repaired, onNote: (note) => notes.push(note) });
    expect(repaired.given).toEqual([points[1]!.key, points[2]!.key]);
    expect(notes).toEqual([
      expect.stringMatching(/\.json: left out: expected JSON, perhaps it is cut short$/),
      expect.stringMatching(/\.json: left out: key: expected [0-9a-f]{32}, found [0-9a-f]{32}$/),
    ]);
    expect(readSweep(out).leftOut).toEqual([]);
    expect(readSweep(out).points).toHaveLength(4);
  });

  it('lists what failed, and finishes the rest', async () => {
    const out = folder();
    const [first, second, third] = await plan();
    const bad = poisoned(second!);
    const outcome = await runSweep([first!, bad, third!], { out });
    expect([outcome.ran, outcome.left]).toEqual([2, 0]);
    expect(outcome.failures.map(({ planned }) => planned.key)).toEqual([bad.key]);
    expect(outcome.failures[0]!.message).toMatch(/^poison.yaml:1:1: /);
    const { message } = outcome.failures[0]!;
    expect(readSweep(out).failed).toMatchObject([
      { key: bad.key, command: bad.command, label: 'c-fcfs', error: message },
    ]);
    const csv = readFileSync(join(out, 'results.csv'), 'utf8').trim().split('\n');
    expect(csv).toHaveLength(1 + 2 * 3 + 1);
    expect(csv.at(-1)).toContain(`${bad.command},`);
    expect(csv.at(-1)).toMatch(/,failed,/);
    const file = new Uint8Array(readFileSync(join(out, 'results.parquet'))).buffer;
    const last = (await parquetReadObjects({ file })).at(-1)!;
    expect(last).toMatchObject({ key: bad.key, scope: 'failed', error: message, requests: null, slowdown_p99: null });
    // It is tried again.
    expect((await runSweep([first!, bad, third!], { out })).failures).toHaveLength(1);
    expect(readSweep(out).failed).toHaveLength(1);
    writePoint(out, { ...readPoint(out, first!.key)!, key: bad.key });
    expect(readSweep(out).failed).toEqual([]);
    expect(readdirSync(join(out, 'failed'))).toEqual([]);
  });

  it('keeps what is finished when it is aborted, and no part of what is not', async () => {
    const out = folder();
    const points = [...(await plan({ load: [0.3] })), ...(await plan({ requests: [1e9], load: [0.5] }))];
    const controller = new AbortController();
    const outcome = await runSweep(points, {
      out,
      signal: controller.signal,
      onProgress: ({ points: finished }) => {
        if (finished === 2) controller.abort();
      },
    });
    expect([outcome.ran, outcome.left, outcome.failures]).toEqual([2, 2, []]);
    expect(
      readSweep(out)
        .points.map(({ key }) => key)
        .sort(),
    ).toEqual([points[0]!.key, points[1]!.key].sort());
    expect(readdirSync(join(out, 'points'))).toHaveLength(2);
    expect(readFileSync(join(out, 'results.csv'), 'utf8').trim().split('\n')).toHaveLength(1 + 2 * 3);
  });

  it('ends at the first result that cannot be written: no point has failed, and no other is begun', async () => {
    const out = folder();
    const load = Array.from({ length: 12 }, (_, i) => 0.1 + i / 20);
    // The first would run for minutes, the others for no time.
    const endless = await plan({ policies: ['c-fcfs'], load: [0.5], requests: [1e9] });
    const points = [...endless, ...(await plan({ policies: ['c-fcfs'], load }))];
    const begun = new Set<string>();
    const failed: string[] = [];
    const breaking: Engine = {
      run: (missing, hooks) =>
        engine.run(missing, {
          ...hooks,
          alreadyThere: (planned) => {
            begun.add(planned.key);
            return hooks.alreadyThere(planned);
          },
          onPoint: (point) => {
            rmSync(join(out, 'points'), { recursive: true, force: true });
            hooks.onPoint(point);
          },
          onFailure: (planned, message) => failed.push(`${planned.key}: ${message}`),
        }),
    };
    const sweeping = runSweep(points, { out, engine: breaking });
    await expect(sweeping).rejects.toThrow(/points\/[0-9a-f]{32}\.json: cannot be written: ENOENT/);
    await expect(sweeping).rejects.toMatchObject({ name: 'EnvironmentError' });
    expect(failed).toEqual([]);
    // One for each core, and one more.
    expect(begun.size).toBeLessThanOrEqual(threads.cores + 1);
  });

  it("removes what killed processes left unfinished long ago, and nobody else's files", async () => {
    const out = folder();
    const points = await plan({ policies: ['c-fcfs'], load: [0.3] });
    await runSweep(points, { out });
    const unfinished = (random: string) => `0123.json.${random}-0123-4567-89ab-cdef01234567.psp-part`;
    const [old, fresh, foreign] = [unfinished('00000000'), unfinished('11111111'), 'film.mkv.part'] as const;
    const aged = [join(out, 'points', old), join(out, foreign), join(out, 'points', foreign)];
    for (const path of [...aged, join(out, 'points', fresh)]) writeFileSync(path, '{');
    const dayAgo = Date.now() / 1000 - 25 * 3600;
    for (const path of aged) utimesSync(path, dayAgo, dayAgo);
    await runSweep(points, { out });
    expect(readdirSync(join(out, 'points')).sort()).toEqual([fresh, `${points[0]!.key}.json`, foreign].sort());
    expect(readdirSync(out)).toContain(foreign);
    expect(readSweep(out).leftOut).toEqual([]);
  });

  it('leaves a point to the process that has finished it in the meantime', async () => {
    const [here, there] = [folder(), folder()];
    const points = await plan();
    await runSweep(points, { out: there });
    const outcome = await runSweep(points, {
      out: here,
      onProgress: ({ points: finished, done }) => {
        if (finished === 0 && done === 0) writePoint(here, marked(readPoint(there, points[3]!.key)!));
      },
    });
    expect(outcome.left).toBe(0);
    expect(readPoint(here, points[3]!.key)!.command).toBe('marked');
  });
});

describe('merge', () => {
  it('puts the parts together', async () => {
    const points = await plan();
    const [one, two, all] = [folder(), folder(), folder()];
    await runSweep(points.slice(0, 3), { out: one });
    await runSweep(points.slice(2), { out: two });
    expect(mergeSweeps([one, two], all)).toEqual({ added: 4, present: 1 });
    expect(
      readSweep(all)
        .points.map(({ key }) => key)
        .sort(),
    ).toEqual(points.map(({ key }) => key).sort());
    expect(readFileSync(join(all, 'results.csv'), 'utf8').split('\n')).toHaveLength(1 + 4 * 3 + 1);
  });

  it('takes over what failed, unless another part has it', async () => {
    const [first, second] = (await plan()) as [PlannedPoint, PlannedPoint];
    const [one, two, all] = [folder(), folder(), folder()];
    await runSweep([first], { out: one });
    await runSweep([second], { out: two });
    for (const planned of [first, second]) writeFailure(two, failedPoint(planned, 'no memory'));
    rmSync(join(two, 'points', `${second.key}.json`));
    mergeSweeps([one, two], all);
    expect(readSweep(all).failed.map(({ key, error }) => [key, error])).toEqual([[second.key, 'no memory']]);
    expect(readFileSync(join(all, 'results.csv'), 'utf8')).toContain('no memory');
  });

  it('refuses two results of one point, and writes nothing', async () => {
    const points = await plan({ policies: ['c-fcfs'] });
    const [one, two, all] = [folder(), folder(), folder()];
    await runSweep(points, { out: one });
    await runSweep(points, { out: two });
    const point = readPoint(two, points[0]!.key)!;
    writePoint(two, { ...point, result: { ...point.result, digest: '0123456789abcdef' } });
    expect(() => mergeSweeps([one, two], all)).toThrow(
      new RegExp(
        `${two}: point ${point.key} has another result than in ${one}: .*0123456789abcdef.*psp sim --workload`,
      ),
    );
    expect(readSweep(all).points).toEqual([]);
  });

  it('refuses a folder without points, such as one whose files are all damaged, and writes nothing', async () => {
    const [damaged, empty, all] = [folder(), folder(), folder()];
    for (const each of [damaged, empty]) mkdirSync(join(each, 'points'), { recursive: true });
    writeFileSync(join(damaged, 'points', '0123456789abcdef.json'), '{');
    const parts = /^(.*): expected a folder with points of psp sweep, found none in it/;
    expect(() => mergeSweeps([empty], all)).toThrow(parts);
    expect(() => mergeSweeps([damaged], all)).toThrow(/found none in it: .*json: left out: expected JSON/);
    expect(existsSync(join(all, 'points'))).toBe(false);
  });

  it('refuses a folder of something else', () => {
    expect(() => mergeSweeps(['/proc/self/fd'], folder())).toThrow('expected a folder that psp sweep has written');
  });
});

/** The same point, told apart from one that was run here. */
function marked<T extends { command: string }>(point: T): T {
  return { ...point, command: 'marked' };
}
