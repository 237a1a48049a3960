import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tuning } from '../../src/results/tuning-schema.js';
import { psp, pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();
writeFileSync(
  join(folder, 'two.yaml'),
  'name: two\ntitle: Two\ntypes:\n  - { name: SHORT, ratio: 0.5, service: 1us }\n' +
    '  - { name: LONG, ratio: 0.5, service: 100us }\n',
);
// Takes requests in order, and wastes a worker for each that it keeps away from a place of 3.
writeFileSync(
  join(folder, 'odd.ts'),
  `import { definePolicy, type SchedulerSetup, TO_COMPLETION } from 'psp/policy';
export default definePolicy<{ keep: number; how: string }>({
  name: 'odd', title: 'Odd', summary: 'leaves workers idle unless keep is 3', reference: 'none', needsTypes: false,
  needsFlows: false, preemptive: false, workConserving: false, clairvoyant: false, fifoWithinType: true,
  queues: 'central',
  parameters: [
    { key: 'keep', kind: 'integer', min: 0, max: 6, default: 5, help: 'best at 3' },
    { key: 'how', kind: 'choice', choices: ['well', 'badly'], default: 'well', help: 'changes nothing' },
  ],
  create({ workers, world }: SchedulerSetup, { keep }) {
    const idle = Array.from({ length: workers - Math.abs(keep - 3) }, (_, i) => i);
    const queue: number[] = [];
    return {
      arrive: (request: number) => void queue.push(request),
      complete: (worker: number) => void idle.push(worker),
      dispatch() {
        while (idle.length > 0 && queue.length > 0) world.start(idle.pop()!, queue.shift()!, TO_COMPLETION);
      },
      queued: () => queue.length,
    };
  },
});
`,
);
const SMALL = ['tune', '--workload', 'two.yaml', '--workers', '6', '--load', '0.4', '--requests', '5k', '--runs', '4'];
const OBJECTIVE = ['--slo', 'p90 slowdown <= 20 for SHORT'];

describe('psp tune', () => {
  it.each([
    [['tune', '--policy', 'sept:quantum=1us..5us', ...OBJECTIVE], 'expected a workload, found none'],
    [[...SMALL, ...OBJECTIVE], 'expected a policy with ranges, found none: add --policy, such as sept:quantum'],
    [[...SMALL, '--policy', 'sept:quantum=1us..5us'], 'expected an objective, found none: add --slo'],
    [[...SMALL, '--policy', 'sept', ...OBJECTIVE], 'sept: expected a range such as quantum=1us..50us, found none'],
    [[...SMALL, '--policy', 'sept:quantum=5us..1us', ...OBJECTIVE], 'expected FROM..TO with FROM below TO'],
    [[...SMALL, '--policy', 'sept:quantum=1us..5us', '--slo', 'p99 slowdown <= 9 for C'], "unknown type 'C'"],
    [[...SMALL, '--policy', 'sept:quantum=1us..5us', ...OBJECTIVE, '--runs', '3'], '--runs: expected a whole number'],
    [[...SMALL, '--policy', 'sept:quantum=1us..5us', ...OBJECTIVE, '--json', 'none/x'], 'none/x'],
    [[...SMALL, '--policy', 'sept:quantum=1us..5us', ...OBJECTIVE, '--rate', '1k'], 'only one of --load and --rate'],
  ])('%j ends with exit code 2 and one line', async (args, said) => {
    const { code, out, err } = await pspHere(args, folder);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(said);
    expect(err.split('\n')).toHaveLength(1);
  });

  it('finds the best of a policy file, confirms it, draws it, and resumes', { timeout: 60_000 }, async () => {
    const args = [...SMALL, '--policy', './odd.ts:keep=1|3|5:how=well|badly', ...OBJECTIVE, '--out', 'kept'];
    const { code, out, err } = await psp([...args, '--json', 'best.json', '--picture', 'best.svg'], { cwd: folder });
    expect([code, err]).toEqual([0, '']);
    const found = JSON.parse(readFileSync(join(folder, 'best.json'), 'utf8')) as Tuning;
    expect(found.best).toMatchObject({ values: { keep: '3', how: 'well' }, judgement: { verdict: 'holds' } });
    expect(found.default).toMatchObject({ policy: './odd.ts', values: { keep: '5', how: 'well' } });
    expect(found.gain!.interval[0]).toBeGreaterThan(1);
    // All 6 combinations raced: the twin of the best is the same, and a worker less is worse.
    expect(found.candidates).toHaveLength(6);
    const fates = new Map(found.candidates.map(({ policy, fate }) => [policy, fate]));
    expect(fates.get('./odd.ts:keep=3:how=badly')).toBe('same');
    expect(fates.get('./odd.ts:keep=1:how=well')).toBe('worse');
    const [keep, how] = found.sensitivity;
    expect(keep!.effect === null || keep!.effect > 1.5).toBe(true);
    expect(how!.effect).toBe(1);
    // The winner's runs did not choose it.
    expect(found.best!.command).toContain('--seed 1-confirm --replications 4');
    expect(out).toContain(found.best!.command);
    expect(out).toMatch(/^best +3 +well +SHORT: p90 slowdown/m);
    expect(readFileSync(join(folder, 'best.svg'), 'utf8')).toContain('how (1: well, 2: badly)');

    const points = readdirSync(join(folder, 'kept/points'));
    const again = await psp([...args, '--json', 'again.json'], { cwd: folder });
    expect(again.out).toBe(out);
    expect(JSON.parse(readFileSync(join(folder, 'again.json'), 'utf8'))).toEqual(found);
    expect(readdirSync(join(folder, 'kept/points'))).toEqual(points);
  });

  it('says no when the default is as good, or nothing meets the objective', { timeout: 60_000 }, async () => {
    const args = [...SMALL, '--policy', './odd.ts:how=well|badly', '--slo', 'p50 slowdown <= 1.0001 overall'];
    const { code, out } = await psp([...args, '--load', '0.9'], { cwd: folder });
    expect(code).toBe(1);
    expect(out).toContain('No candidate carried the load in all of its runs.');
    const light = await psp([...args, '--policy', './odd.ts:keep=5|6'], { cwd: folder });
    expect(light.out).toContain('No candidate is better than the default.');
  });
});
