import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openLab, planLab } from '../../src/lab/lab-run.js';
import { recordRun } from '../../src/lab/record-run.js';
import { blockersOf, slowdownOf, stretchesOf, timelineOf, waitOf, worstWait } from '../../src/lab/recording.js';
import { storyOf } from '../../src/lab/request-story.js';

const text = readFileSync(new URL('../../workloads/bimodal.yaml', import.meta.url), 'utf8');

function recorded(policy: string) {
  const run = { policies: [policy, policy] as const, load: 0.8, workers: 4, seed: '1', requests: 4000, code: '' };
  const [spec] = planLab({ ...run, workload: { name: 'bimodal', text }, system: undefined }).specs;
  return recordRun(spec!, openLab(spec!), { skip: 1000, count: 2000 }, false).recording;
}

it('the worst wait is behind requests that held the worker, and its story says so', () => {
  const recording = recorded('c-fcfs');
  const worst = worstWait(recording, 0);
  const { type, arrivalNs, runs } = recording;
  for (let i = 1000; i < type.length; i++) {
    if (type[i] === 0 && waitOf(recording, i) > 0)
      expect(waitOf(recording, i)).toBeLessThanOrEqual(waitOf(recording, worst));
  }
  const [own] = stretchesOf(recording, worst) as [number];
  expect(runs.fromNs[own]! - arrivalNs[worst]!).toBe(waitOf(recording, worst));
  const blockers = blockersOf(recording, worst);
  expect(blockers.length).toBeGreaterThan(0);
  for (const i of blockers) expect(runs.worker[i]).toBe(runs.worker[own]);
  expect(slowdownOf(recording, worst)).toBe(waitOf(recording, worst) / 1000 + 1);
  expect(storyOf(recording, worst)).toMatch(
    new RegExp(`^SHORT ${worst} came at .*, waited .* behind .*, needs 1us of service, ran on worker \\d+\\. Slowdown`),
  );
});

it('a preempted request has parts, and its waits are between them', () => {
  const recording = recorded('ts:quantum=5us');
  const long = [...recording.runs.request].find((request, i) => request > 1000 && recording.runs.part[i]! > 3)!;
  const own = stretchesOf(recording, long);
  const ranNs = own.reduce((sum, i) => sum + recording.runs.toNs[i]! - recording.runs.fromNs[i]!, 0);
  expect(own.length).toBeGreaterThan(4);
  expect(ranNs).toBe(recording.serviceNs[long]);
  expect(storyOf(recording, long)).toMatch(/ran in \d+ parts, at last on worker/);
});

it('a window of it is a timeline with what was in the window', () => {
  const recording = recorded('darc:window=500');
  const [fromNs, toNs] = [recording.fromNs + 1e6, recording.fromNs + 2e6];
  const timeline = timelineOf(recording, fromNs, toNs);
  expect(timeline.runs.length).toBeGreaterThan(20);
  for (const run of timeline.runs) expect(run.toNs > fromNs && run.fromNs < toNs).toBe(true);
  expect(timeline.waiting[0]!.atNs).toBe(fromNs);
  expect(timeline.reservations[0]!.groups).toHaveLength(2);
});
