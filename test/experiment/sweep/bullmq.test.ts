import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bullmqEngine } from '../../../src/experiment/sweep/bullmq-engine.js';
import type { PlannedPoint, Point } from '../../../src/experiment/sweep/point.js';
import { readSweep } from '../../../src/experiment/sweep/store.js';
import { MAIN } from '../../cli/psp.js';
import { runReplicated, runSweep, threads } from './built.js';
import { folders, plan, poisoned } from './points.js';
import { missingRedis, startRedis, type TestRedis } from './redis.js';

const folder = folders();
const reason = missingRedis();

describe.skipIf(reason !== undefined)('a sweep on Redis', { timeout: 180_000 }, () => {
  let redis: TestRedis;
  const workers: ChildProcess[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    await redis?.stop();
  });

  /** Starts `psp worker` and waits until it is there. Answers the commands it has finished, too. */
  async function startWorker(): Promise<{ process: ChildProcess; finished: string[] }> {
    const worker = spawn(process.execPath, [MAIN, 'worker', '--redis', redis.url], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    workers.push(worker);
    const finished: string[] = [];
    const lines = createInterface({ input: worker.stdout! });
    lines.on('line', (line) => {
      if (line.startsWith('finished: ')) finished.push(line.slice('finished: '.length));
    });
    await once(lines, 'line');
    return { process: worker, finished };
  }

  /** Sweeps on the workers, and counts what the folder was given. */
  async function sweep(
    points: readonly PlannedPoint[],
    { onProgress, onPoint }: { onProgress?: (key: string) => void; onPoint?: (count: number) => void } = {},
  ) {
    const out = folder();
    const engine = bullmqEngine(redis.url);
    const given: Point[] = [];
    const outcome = await runSweep(points, {
      out,
      engine: {
        run: (missing, hooks) =>
          engine.run(missing, {
            ...hooks,
            onPoint: (point) => {
              given.push(point);
              hooks.onPoint(point);
              onPoint?.(given.length);
            },
            onProgress: (planned) => onProgress?.(planned.key),
          }),
      },
    });
    return { outcome, given: given.map(({ key }) => key).sort(), kept: readSweep(out).points };
  }

  const keys = (points: readonly PlannedPoint[]) => points.map(({ key }) => key).sort();

  it('loses no point and counts none twice when a worker is killed in mid-point, and has the results of this machine', async () => {
    const points = [
      ...(await plan({ replications: [2] })),
      ...(await plan({ policies: ['c-fcfs'], load: [0.5], requests: [3e6] })),
    ];
    const long = points.at(-1)!.key;
    const { process: doomed } = await startWorker();
    let successor: ReturnType<typeof startWorker> | undefined;
    const { outcome, given, kept } = await sweep(points, {
      onProgress: (key) => {
        if (key !== long || successor) return;
        doomed.kill('SIGKILL');
        successor = startWorker();
      },
    });
    expect(successor).toBeDefined();
    expect(doomed.signalCode).toBe('SIGKILL');
    expect([outcome.ran, outcome.failures, outcome.left]).toEqual([5, [], 0]);
    expect(given).toEqual(keys(points));
    expect((await successor!).finished.at(-1)).toBe(points.at(-1)!.command);
    for (const { key, spec, replications } of points.slice(0, 4)) {
      const [here] = await runReplicated([spec], replications, { threads });
      const there = kept.find((point) => point.key === key)!;
      expect(there.result.digest).toBe(here!.result!.digest);
      expect(there.result.types).toEqual(here!.result!.types);
    }
  });

  it.each([
    ['is restarted', () => redis.restart(300)],
    ['has lost all it knew', () => redis.forget()],
  ])('goes on when Redis %s in mid-sweep', async (_what, disturb) => {
    const points = await plan({ load: [0.2, 0.3, 0.4, 0.5, 0.6, 0.7], requests: [300_000], policies: ['c-fcfs'] });
    let disturbed: Promise<void> | undefined;
    const { outcome, given } = await sweep(points, {
      onPoint: (count) => {
        if (count < points.length) disturbed ??= disturb();
      },
    });
    expect(disturbed).toBeDefined();
    await disturbed;
    expect([outcome.ran, outcome.failures, outcome.left]).toEqual([6, [], 0]);
    expect(given).toEqual(keys(points));
  });

  it('lists a poisoned point, and finishes the rest; it is tried again by the next sweep', async () => {
    const [first, second, third] = await plan();
    const bad = poisoned(second!);
    for (const _ of [1, 2]) {
      const { outcome, given } = await sweep([first!, bad, third!]);
      expect(outcome.failures.map(({ planned, message }) => [planned.key, message])).toEqual([
        [bad.key, expect.stringMatching(/^poison.yaml:1:1: /)],
      ]);
      expect(given).toEqual(keys([first!, third!]));
    }
  });

  it('is refused by a worker to which the point is another: of another version, say', async () => {
    const [point] = await plan({ load: [0.3], policies: ['c-fcfs'] });
    const { outcome } = await sweep([{ ...point!, key: '0123' }]);
    expect(outcome.failures[0]!.message).toContain('expected all machines to run the same version');
  });
});
