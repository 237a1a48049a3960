/**
 * Hostile jobs and answers of a queue, and hostile result folders. Each function throws at the first input that is not
 * taken well; the seed repeats it.
 */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import seedrandom from 'seedrandom';
import { MOST_REPLICATIONS, MOST_WORKERS } from '../../src/experiment/plan/limits.js';
import { readSampled, sampledJson } from '../../src/experiment/run/sampled-json.js';
import { mergeSweeps } from '../../src/experiment/sweep/merge-sweeps.js';
import { failedPoint, type PlannedPoint, pointKey } from '../../src/experiment/sweep/planned-point.js';
import { packPoint, readJob, unpackPoint } from '../../src/experiment/sweep/queue-messages.js';
import { writeTables } from '../../src/experiment/sweep/run-sweep.js';
import { readSweep } from '../../src/experiment/sweep/store.js';
import { reportData } from '../../src/report/html/report-data.js';
import type { Point } from '../../src/results/point.js';
import { InputError } from '../../src/units/errors.js';
import { damaged, mutated, pick, type Random } from './mutate.js';

/** Jobs that a worker may find. It refuses them with an InputError, or they are points that psp could have planned. */
export function fuzzJobs(seed: string, count: number, planned: readonly PlannedPoint[]): void {
  forEachRun(seed, count, (random) => {
    const job = json(mutated(random, pick(random, planned))) as PlannedPoint | null;
    // The attacker knows how a key is made.
    const key = keyOf(job);
    const data = random() < 0.8 && typeof job === 'object' && job !== null ? { ...job, key } : job;
    const accepted = refusedOr(() => readJob(data, key));
    if (!accepted) return;
    const { spec, replications } = accepted;
    const most = replications.most ?? replications.first;
    expectThat(spec.workload.kind === 'generated', 'a trace was accepted');
    expectThat(spec.record === undefined, 'a recording was accepted');
    expectThat(spec.workers <= MOST_WORKERS && most <= MOST_REPLICATIONS, 'a huge run was accepted');
  });
}

/** Answers that a sweep may find. Each is the planned point under its own key, or refused; nothing is thrown. */
export function fuzzAnswers(seed: string, count: number, planned: PlannedPoint, point: Point): void {
  forEachRun(seed, count, (random) => {
    const answers = [
      () => JSON.stringify(packPoint(mutated(random, point) as Point)),
      () => JSON.stringify({ gzip: Buffer.from(damaged(random, gzipSync(JSON.stringify(point)))).toString('base64') }),
      () => JSON.stringify(mutated(random, packPoint(point))),
      () => Buffer.from(damaged(random, Buffer.from(JSON.stringify(packPoint(point))))).toString(),
    ];
    const read = unpackPoint(pick(random, answers)() ?? '', planned);
    if ('wrong' in read) return;
    expectThat(read.value.key === planned.key, 'a foreign key was accepted');
    expectThat(read.value.command === planned.command, 'a foreign command was accepted');
  });
}

/**
 * Folders of results that someone sent. Every command reads what is whole and leaves the rest out, or says what is
 * wrong.
 */
export function fuzzFolders(seed: string, count: number, planned: PlannedPoint, point: Point): void {
  const root = mkdtempSync(join(tmpdir(), 'psp-fuzz-'));
  try {
    forEachRun(seed, count, (random, run) => {
      const folder = join(root, String(run), 'sweep');
      for (const name of ['points', 'failed']) mkdirSync(join(folder, name), { recursive: true });
      const damage = (data: unknown) =>
        random() < 0.8
          ? (JSON.stringify(mutated(random, data)) ?? '')
          : Buffer.from(damaged(random, Buffer.from(JSON.stringify(data))));
      for (const key of [point.key, 'a', 'b']) {
        writeFileSync(join(folder, 'points', `${key}.json`), damage({ ...point, key }));
        writeFileSync(join(folder, 'failed', `${key}.json`), damage({ ...failedPoint(planned, 'no memory'), key }));
      }
      const { points, failed } = readSweep(folder);
      JSON.stringify(reportData('x', points, failed));
      writeTables(folder);
      refusedOr(() => mergeSweeps([folder], join(root, String(run), 'merged')));
      const results = join(folder, 'results.json');
      writeFileSync(results, damage(JSON.parse([...sampledJson([point])].join(''))));
      refusedOr(() => readSampled(results));
      expectThat(
        readdirSync(join(root, String(run))).every((name) => /^(sweep|merged)$/.test(name)),
        'a file elsewhere',
      );
      rmSync(join(root, String(run)), { recursive: true });
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function forEachRun(seed: string, count: number, test: (random: Random, run: number) => void): void {
  for (let run = 0; run < count; run++) {
    try {
      test(seedrandom(`${seed}/${run}`), run);
    } catch (error) {
      throw new Error(`seed ${seed}, run ${run}: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** What a function returns; undefined when it refuses its input, as it may. */
function refusedOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function keyOf(job: PlannedPoint | null): string {
  try {
    return pointKey(job!.spec, job!.replications);
  } catch {
    return 'none';
  }
}

function json(data: unknown): unknown {
  return data === undefined ? null : JSON.parse(JSON.stringify(data));
}

function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
