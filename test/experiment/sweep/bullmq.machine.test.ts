import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type GeneratedWorkload,
  receiveSpec,
  type SentSpec,
  type SentWorkload,
} from '../../../src/experiment/plan/run-spec.js';
import type { ThreadPool } from '../../../src/experiment/run/thread-pool.js';
import { bullmqEngine } from '../../../src/experiment/sweep/bullmq-engine.js';
import { type PlannedPoint, pointKey } from '../../../src/experiment/sweep/planned-point.js';
import { packPoint } from '../../../src/experiment/sweep/queue-messages.js';
import { runQueueWorker } from '../../../src/experiment/sweep/queue-worker.js';
import { readSweep } from '../../../src/experiment/sweep/store.js';
import { allowPolicyFiles } from '../../../src/policy-files/open-policies.js';
import type { Point } from '../../../src/results/point.js';
import { EnvironmentError } from '../../../src/units/errors.js';
import { MAIN, psp } from '../../cli/psp.js';
import { pages } from '../../docs/pages.js';
import { writePolicy } from '../../policy-files/policy-texts.js';
import { runReplicated, runSweep, threads } from './built.js';
import { folders, plan, poisoned } from './points.js';
import { missingRedis, startRedis, type TestRedis } from './redis.js';

const folder = folders();
const reason = missingRedis();
/** A run that lasts for more than a second, after which a worker first tells its progress: it can be disturbed. */
const LONG = { policies: ['c-fcfs'], load: [0.5], requests: [20e6] };
/** A workload that reads a file of the machine it is on. */
const EMPIRICAL = `name: x
types:
  - { name: A, ratio: 1, service: { empirical: { file: /etc/passwd } } }
`;
/** A worker speaks of a point after Redis has it: its line may come after the sweep's end. */
const HEARD = { timeout: 10_000, interval: 20 };

interface TestWorker {
  readonly process: ChildProcess;
  /** What it wrote on stdout and on stderr, by lines. */
  readonly out: readonly string[];
  readonly err: readonly string[];
}

describe.skipIf(reason !== undefined)('a sweep on Redis', { timeout: 180_000 }, () => {
  let redis: TestRedis;
  const workers: ChildProcess[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterEach(async () => {
    for (const worker of workers.splice(0)) worker.kill('SIGKILL');
    await redis.forget();
  });

  afterAll(() => redis?.stop());

  /** Starts `psp worker` and waits until it is there. */
  async function startWorker(url = redis.url, more: readonly string[] = []): Promise<TestWorker> {
    const worker = spawn(process.execPath, [MAIN, 'worker', '--redis', url, ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    workers.push(worker);
    const [out, err] = [worker.stdout, worker.stderr].map((stream) => {
      const lines: string[] = [];
      createInterface({ input: stream }).on('line', (line) => lines.push(line));
      return lines;
    });
    while (out!.length === 0) await sleep(20);
    return { process: worker, out: out!, err: err! };
  }

  async function kill(worker: TestWorker): Promise<void> {
    worker.process.kill('SIGKILL');
    await once(worker.process, 'exit');
  }

  const listed = async (list: 'active' | 'wait') =>
    (await redis.ask('lrange', `psp:points:${list}`, '0', '-1')) as string[];

  /** Sweeps on the workers, and notes what the folder was given. */
  async function sweep(
    points: readonly PlannedPoint[],
    onProgress?: (planned: PlannedPoint, done: number) => void,
  ): Promise<{ outcome: Awaited<ReturnType<typeof runSweep>>; given: string[]; kept: readonly Point[] }> {
    const out = folder();
    const engine = bullmqEngine(redis.url);
    const given: string[] = [];
    const outcome = await runSweep(points, {
      out,
      engine: {
        run: (missing, hooks) =>
          engine.run(missing, {
            ...hooks,
            onPoint: (point) => {
              given.push(point.key);
              hooks.onPoint(point);
            },
            onProgress: (planned, done) => onProgress?.(planned, done),
          }),
      },
    });
    return { outcome, given: given.sort(), kept: readSweep(out).points };
  }

  const keys = (points: readonly PlannedPoint[]) => points.map(({ key }) => key).sort();

  /** No point lost, none counted twice, and each as if it had been run here. */
  async function expectAll(
    points: readonly PlannedPoint[],
    { outcome, given, kept }: Awaited<ReturnType<typeof sweep>>,
  ): Promise<void> {
    expect([outcome.ran, outcome.failures, outcome.left]).toEqual([points.length, [], 0]);
    expect(given).toEqual(keys(points));
    for (const { key, spec, replications } of points) {
      const [here] = await runReplicated([receiveSpec(spec)], replications, { threads });
      const there = kept.find((point) => point.key === key)!;
      expect(there.result.digest).toBe(here!.result!.digest);
      expect(there.result.types).toEqual(here!.result!.types);
    }
  }

  it(
    'loses no point and counts none twice when a worker is killed in mid-point, and has the results of this ' +
      'machine',
    async () => {
      const points = [...(await plan({ replications: [2] })), ...(await plan(LONG))];
      const long = points.at(-1)!;
      const doomed = await startWorker();
      let successor: Promise<TestWorker> | undefined;
      let inFlight: Promise<string[]> | undefined;
      const swept = await sweep(points, ({ key }, done) => {
        if (key !== long.key || done === 0 || successor !== undefined) return;
        inFlight = listed('active');
        doomed.process.kill('SIGKILL');
        successor = startWorker();
      });
      expect(await inFlight).toContain(long.key);
      expect(doomed.process.signalCode).toBe('SIGKILL');
      const { out } = await successor!;
      await expect.poll(() => out.at(-1), HEARD).toBe(`finished: ${long.command}`);
      await expectAll(points, swept);
    },
  );

  it.each([
    ['is restarted', () => redis.restart(300)],
    ['has lost all it knew', () => redis.forget()],
  ])('goes on when Redis %s in mid-point', async (_what, disturb) => {
    const points = [...(await plan(LONG)), ...(await plan({ load: [0.2, 0.4], policies: ['c-fcfs'] }))];
    await startWorker();
    let disturbed: Promise<string[]> | undefined;
    const swept = await sweep(points, ({ key }, done) => {
      if (key === points[0]!.key && done > 0)
        disturbed ??= listed('active').then((active) => disturb().then(() => active));
    });
    expect(await disturbed).toContain(points[0]!.key);
    await expectAll(points, swept);
  });

  it('lists a poisoned point, and finishes the rest; it is tried again by the next sweep', async () => {
    const [first, second, third] = await plan();
    const bad = poisoned(second!);
    const worker = await startWorker();
    for (const _ of [1, 2]) {
      const { outcome, given } = await sweep([first!, bad, third!]);
      expect(outcome.failures.map(({ planned, message }) => [planned.key, message])).toEqual([
        [bad.key, expect.stringMatching(/^poison.yaml:1:1: /)],
      ]);
      expect(given).toEqual(keys([first!, third!]));
    }
    // The input is wrong: nobody tries it a second time.
    await expect.poll(() => worker.err.filter((line) => line.includes('failed')), HEARD).toHaveLength(2);
  });

  it('tries a point that failed for lack of something else three times, and says so', async () => {
    const [small, other] = await plan({ policies: ['c-fcfs'] });
    const poor: ThreadPool = {
      ...threads,
      run: (task, spec, ...rest) => {
        const { offer } = spec.workload as GeneratedWorkload;
        if ('load' in offer && offer.load === 0.3) return threads.run(task, spec, ...rest);
        return Promise.reject(new EnvironmentError('not enough memory'));
      },
    };
    const said: string[] = [];
    const ending = new AbortController();
    const working = runQueueWorker({
      url: redis.url,
      signal: ending.signal,
      threads: poor,
      onReady: () => {},
      onPoint: (point) => said.push(`finished: ${point}`),
      onFailure: (point, message, again) => said.push(`${point}: ${message}${again ? ', again' : ''}`),
      onNote: () => {},
    });
    const { outcome, given } = await sweep([other!, small!]);
    expect(given).toEqual([small!.key]);
    expect(outcome.failures.map(({ message }) => message)).toEqual(['not enough memory']);
    ending.abort();
    await working;
    const failed = `${other!.command}: not enough memory`;
    expect(said.sort()).toEqual([failed, `${failed}, again`, `${failed}, again`, `finished: ${small!.command}`].sort());
  });

  it('gives a point up of which three workers died', async () => {
    const [endless] = await plan({ ...LONG, requests: [1e10] });
    const lock = `psp:points:${endless!.key}:lock`;
    const sweeping = sweep([endless!]);
    let owner: unknown = null;
    for (const _ of [1, 2, 3]) {
      const worker = await startWorker();
      const before = owner;
      while (owner === before || owner === null) {
        await sleep(50);
        owner = await redis.ask('get', lock);
      }
      await kill(worker);
    }
    await startWorker();
    const { outcome } = await sweeping;
    expect(outcome.failures.map(({ message }) => message)).toEqual([expect.stringContaining('stalled')]);
    expect([outcome.ran, outcome.left]).toEqual([0, 0]);
  });

  it('takes back what nobody has begun when it is interrupted, and collects what was finished later', async () => {
    const out = folder();
    const args = [
      'sweep',
      '--workload',
      'bimodal',
      '--policy',
      'c-fcfs',
      '--load',
      '.5',
      '--seed',
      '1,2,3,4,5,6,7,8,9,10,11,12',
    ];
    const onRedis = [...args, '--requests', '3e6', '--engine', 'bullmq', '--redis', redis.url, '--out', out];
    const worker = await startWorker();
    const child = execa(process.execPath, [MAIN, ...onRedis], { reject: false });
    while ((await listed('active')).length === 0) await sleep(20);
    child.kill('SIGINT');
    const { exitCode, stdout } = await child;
    expect(exitCode).toBe(130);
    expect(await listed('wait')).toEqual([]);
    const begun = worker.out.length - 1 + (await listed('active')).length;
    expect(begun).toBeLessThan(12);
    while ((await listed('active')).length > 0) await sleep(50);
    const finished = () => worker.out.filter((line) => line.startsWith('finished: '));
    await expect.poll(() => finished().length, HEARD).toBeGreaterThan(0);
    const there = Number(/: (\d+) run, /.exec(stdout)![1]);
    expect(there).toBeLessThan(12);
    const { code, out: text } = await psp(onRedis);
    const run = `12 points: ${12 - there} run${there > 0 ? `, ${there} were there already` : ''}`;
    expect([code, text.split('\n')[0]]).toEqual([0, run]);
    // None was run twice.
    await expect.poll(() => finished().length, HEARD).toBe(12);
    expect(new Set(finished()).size).toBe(12);
  });

  it('asks for nothing of other sweeps, however much of theirs is there', async () => {
    const theirs = { name: 'point', data: '{}', opts: '{}', timestamp: '1', finishedOn: String(Date.now()) };
    const bytes = 1_000_000;
    await redis.ask(
      'hset',
      'psp:points:theirs',
      ...Object.entries(theirs).flat(),
      'returnvalue',
      `"${'x'.repeat(bytes)}"`,
    );
    await redis.ask('zadd', 'psp:points:completed', theirs.finishedOn, 'theirs');
    const sent = async () => Number(/total_net_output_bytes:(\d+)/.exec(String(await redis.ask('info', 'stats')))![1]);
    await startWorker();
    const before = await sent();
    const points = await plan({ policies: ['c-fcfs'] });
    const { given } = await sweep(points);
    expect(given).toEqual(keys(points));
    expect((await sent()) - before).toBeLessThan(bytes);
    expect(await redis.ask('exists', 'psp:points:theirs')).toBe(1);
  });

  it('is refused by a worker to which the point is another: of another version, say', async () => {
    const [point] = await plan({ load: [0.3], policies: ['c-fcfs'] });
    await startWorker();
    const { outcome } = await sweep([{ ...point!, key: '0123' }]);
    expect(outcome.failures[0]!.message).toContain('expected all machines to run the same version');
  });

  /** Puts jobs into the queue, as anyone can who may write to Redis. */
  async function inject(...jobs: readonly { readonly id: string; readonly data: unknown }[]): Promise<void> {
    for (const { id, data } of jobs) {
      const raw = {
        name: 'point',
        data: typeof data === 'string' ? data : JSON.stringify(data),
        opts: '{}',
        timestamp: '1',
      };
      await redis.ask('hset', `psp:points:${id}`, ...Object.entries(raw).flat());
      await redis.ask('lpush', 'psp:points:wait', id);
    }
    await redis.ask('zadd', 'psp:points:marker', '0', '0');
  }

  it('has workers that read and write no file and begin nothing huge, whatever a job says', async () => {
    const [point, good] = (await plan({ policies: ['c-fcfs'] })) as [PlannedPoint, PlannedPoint];
    const worker = await startWorker();
    const treasure = join(folder(), 'treasure');
    mkdirSync(dirname(treasure), { recursive: true });
    writeFileSync(treasure, 'my first line\n');
    const { workload } = point.spec as { workload: SentWorkload };
    const summary = { fileName: 'x.csv', requests: 1, rateRps: 1, types: [], classified: 0, hasFlow: false };
    const specs: readonly object[] = [
      { ...point.spec, record: treasure },
      { ...point.spec, workload: { kind: 'trace', path: treasure, summary, sha256: '', rateScale: 1 } },
      { ...point.spec, workload: { ...workload, source: { ...workload.source, text: EMPIRICAL, files: {} } } },
      { ...point.spec, policy: treasure },
      { ...point.spec, workers: 1e9 },
      { ...point.spec, end: { requests: 1e300 } },
    ];
    const hostile = specs.map((spec) => {
      // The writer of a job knows how its key is made; a policy that is a file has none.
      const key = 'policy' in spec && spec.policy === treasure ? 'a1' : pointKey(spec as SentSpec, point.replications);
      return { id: key, data: { ...point, spec, key } };
    });
    const unread = [null, 7, 'no JSON', '[', { ...point, key: '../../x' }].map((data, i) => ({ id: `odd${i}`, data }));
    await inject(...hostile, ...unread);
    const reasons = await Promise.all(
      hostile.map(async ({ id }) => {
        const reason = () => redis.ask('hget', `psp:points:${id}`, 'failedReason');
        await expect.poll(reason, HEARD).not.toBe(null);
        return String(await reason());
      }),
    );
    expect(reasons).toEqual([
      expect.stringContaining('"record"'),
      expect.stringContaining('workers read no traces'),
      expect.stringContaining('was not kept with the workload'),
      expect.stringContaining('expected the code of the file, found none'),
      expect.stringContaining('spec.workers: '),
      expect.stringContaining('spec.end'),
    ]);
    expect(reasons.join()).not.toContain('my first line');
    expect(readFileSync(treasure, 'utf8')).toBe('my first line\n');
    // It is well.
    const { given } = await sweep([good]);
    expect(given).toEqual([good.key]);
    expect(worker.process.exitCode).toBe(null);
  });

  it('leaves the policy of a file to workers that may run its code; none runs code of another hash', async () => {
    const file = writePolicy(join(folder(), 'keep.ts'));
    allowPolicyFiles();
    const points = await plan({ policies: [`${file}:keep=2`], load: [0.3] });
    const wary = await startWorker();
    const sweeping = sweep(points);
    const left = `psp: points with the policy of ${file} are left to workers with --allow-policies`;
    await expect.poll(() => wary.err, HEARD).toContain(left);
    expect(wary.out).toHaveLength(1);
    const trusting = await startWorker(redis.url, ['--allow-policies']);
    await expectAll(points, await sweeping);
    await expect.poll(() => trusting.out.at(-1), HEARD).toBe(`finished: ${points[0]!.command}`);
    expect(wary.out).toHaveLength(1);

    const { spec } = points[0]!;
    const forged = { ...points[0]!, key: 'a1', spec: { ...spec, code: { ...spec.code!, sha256: 'f'.repeat(64) } } };
    await inject({ id: 'a1', data: forged });
    const reason = () => redis.ask('hget', 'psp:points:a1', 'failedReason');
    await expect.poll(reason, HEARD).toBe(`${file}: its code is not that of its hash ffffffffffff`);
  });

  it('fails a point whose answer is not that point, and writes nothing outside of its folder', async () => {
    const points = await plan();
    const answers: ((point: Point) => unknown)[] = [
      (point) => packPoint({ ...point, key: '../../escaped' }),
      () => null,
      () => ({ gzip: 'no gzip' }),
      (point) => packPoint({ ...point, result: { ...point.result, workers: 15 } }),
    ];
    const lie = async ({ data }: { data: PlannedPoint }) => {
      const [honest] = await runReplicated([receiveSpec(data.spec)], data.replications, { threads });
      const { key, command } = data;
      const answer = answers[points.findIndex((each) => each.key === key)]!;
      return answer({ schema: 'psp.point/1', key, command, result: honest!.result! });
    };
    const { hostname: host, port } = new URL(redis.url);
    const liar = new Worker('points', lie, { connection: { host, port: Number(port) }, prefix: 'psp' });
    try {
      const { outcome, given } = await sweep(points);
      expect([given, outcome.ran, outcome.left]).toEqual([[], 0, 0]);
      const said = new Map(outcome.failures.map(({ planned, message }) => [planned.key, message]));
      expect(
        points.map(({ key }) => said.get(key)?.replace('the queue has an answer that is not this point: ', '')),
      ).toEqual([
        'key: expected a key of letters and digits',
        expect.stringContaining('expected a point as gzip of JSON'),
        expect.stringContaining('expected a point as gzip of JSON'),
        'workers: expected 14, found 15',
      ]);
    } finally {
      await liar.close();
    }
  });

  it('ends with one line when Redis refuses, or has no such database', async () => {
    await redis.ask('set', 'psp:points:completed', 'x');
    await expect(sweep(await plan())).rejects.toMatchObject({
      name: 'EnvironmentError',
      message: expect.stringMatching(/^redis:.*WRONGTYPE/),
    });
    const { code, err } = await psp(['worker', '--redis', `${redis.url}/99`]);
    expect([code, err]).toEqual([3, `psp: ${redis.url}/99: cannot be reached: ERR DB index is out of range`]);
  });

  it('needs no more of Redis than docs/sweeps.md says', async () => {
    const rule = /^ACL SETUSER psp (.*)$/m.exec(pages.find(({ path }) => path === 'docs/sweeps.md')!.text)![1]!;
    await redis.ask('acl', 'setuser', 'psp', ...rule.replace('>PASSWORD', '>secret').split(' '));
    const url = redis.url.replace('//', '//psp:secret@');
    await startWorker(url);
    const out = folder();
    const points = await plan({ policies: ['c-fcfs'] });
    const outcome = await runSweep(points, { out, engine: bullmqEngine(url) });
    expect([outcome.ran, outcome.failures]).toEqual([2, []]);
  });

  it('has workers that one signal ends, also when Redis is gone', async () => {
    const other = await startRedis();
    const [endless] = await plan({ ...LONG, requests: [1e10] });
    const idle = await startWorker(other.url);
    const ending = new AbortController();
    const sweeping = runSweep([endless!], { out: folder(), engine: bullmqEngine(other.url), signal: ending.signal });
    while (((await other.ask('lrange', 'psp:points:active', '0', '-1')) as string[]).length === 0) await sleep(50);
    await other.stop();
    await expect.poll(() => idle.err.at(-1), HEARD).toContain(': lost; trying again');
    idle.process.kill('SIGINT');
    const [code] = await Promise.race([once(idle.process, 'exit'), sleep(30_000).then(() => ['none'])]);
    expect([code, ...(code === 3 ? [] : idle.err)]).toEqual([3]);
    expect(idle.err.at(-1)).toContain('what this worker has begun is run again by another');
    ending.abort();
    expect((await sweeping).left).toBe(1);
  });
});
