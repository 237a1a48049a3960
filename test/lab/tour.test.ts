import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { recordedPart } from '../../src/lab/first-look.js';
import { type LabRun, openLab, planLab } from '../../src/lab/lab-run.js';
import { FIRST_STATE, type LabState } from '../../src/lab/lab-state.js';
import { recordRun } from '../../src/lab/record-run.js';
import { type Recording, stretchesOf, waitOf, worstWait } from '../../src/lab/recording.js';
import { TOUR } from '../../src/lab/tour.js';
import { type BrowserResult, simulate } from '../../src/library/browser.js';

const text = readFileSync(new URL('../../workloads/bimodal.yaml', import.meta.url), 'utf8');
const [SHORT, LONG] = [0, 1];

/** The state of a step, from 1, and what its button makes of it. */
function stateOf(step: number, isDone = false): LabState {
  const { state, act } = TOUR[step - 1]!;
  return { ...FIRST_STATE, ...state, ...(isDone && 'change' in act && act.change) };
}

/** What the table of a step says, above and below. */
async function numbersOf(step: number, isDone = false): Promise<[BrowserResult, BrowserResult]> {
  const { policies, load, workers, seed, requests } = stateOf(step, isDone);
  const results = await simulate({ workload: text, policies, load, workers, seed, requests });
  return results as [BrowserResult, BrowserResult];
}

const worst = (result: BrowserResult, type: number) => result.types[type]!.slowdown.p99_9!;
/** Beyond the service time, as a share of it. */
const waited = (result: BrowserResult, type: number) => worst(result, type) - 1;

/** What the timeline of a step shows. */
function recordingOf(step: number, index: number): Recording {
  const { policies, load, workers, seed, requests } = stateOf(step);
  const shared = { policies, load, workers, seed, requests, code: '', system: undefined };
  const run: LabRun = { ...shared, workload: { name: 'bimodal', text } };
  const spec = planLab(run).specs[index]!;
  return recordRun(spec, openLab(spec), recordedPart(run), false).recording;
}

it('1: some SHORT wait more than eighty times their length behind LONG, while no worker is idle', () => {
  const recording = recordingOf(1, 0);
  const short = worstWait(recording, SHORT);
  expect(waitOf(recording, short)).toBeGreaterThan(80 * recording.serviceNs[short]!);
  const { runs, type, arrivalNs } = recording;
  const middle = arrivalNs[short]! + waitOf(recording, short) / 2;
  const busy = [...runs.request.keys()].filter((i) => runs.fromNs[i]! <= middle && runs.toNs[i]! > middle);
  expect(busy).toHaveLength(14);
  expect(busy.filter((i) => type[runs.request[i]!] === LONG).length).toBeGreaterThan(12);
});

it('2: with twice the workers hardly any SHORT waits, until the load is as it was: then half as long', async () => {
  expect(stateOf(2).load * stateOf(2).workers).toBe(stateOf(1).load * stateOf(1).workers);
  const [calm] = await numbersOf(2);
  expect(calm.utilisation).toBeLessThan(0.5);
  expect(worst(calm, SHORT)).toBeLessThan(1.1);
  const [[small], [large]] = await Promise.all([numbersOf(1), numbersOf(2, true)]);
  expect(waited(large, SHORT) / waited(small, SHORT)).toBeGreaterThan(0.35);
  expect(waited(large, SHORT) / waited(small, SHORT)).toBeLessThan(0.65);
});

it('3: worker 0 is reserved, idle nine tenths of the time, and SHORT is fast', async () => {
  const recording = recordingOf(3, 1);
  const { runs, fromNs, toNs, type, reservations } = recording;
  expect(reservations.at(-1)!.groups[0]).toMatchObject({ types: [SHORT], workers: [0] });
  const own = [...runs.request.keys()].filter((i) => runs.worker[i] === 0);
  expect(own.every((i) => type[runs.request[i]!] === SHORT)).toBe(true);
  const busyNs = own.reduce((sum, i) => sum + runs.toNs[i]! - runs.fromNs[i]!, 0);
  expect(1 - busyNs / (toNs - fromNs)).toBeCloseTo(0.9, 1);
  const [above, below] = await numbersOf(3);
  expect(Math.round(worst(above, SHORT) / 50)).toBe(2);
  expect(worst(below, SHORT)).toBeLessThan(3);
  expect(worst(below, LONG) / worst(above, LONG)).toBeGreaterThan(1.1);
  expect(worst(below, LONG) / worst(above, LONG)).toBeLessThan(1.4);
});

it('4: a second reserved worker helps SHORT little, and LONG waits twice as long; a third is too many', async () => {
  const [one, two] = await numbersOf(4);
  expect(worst(one, SHORT) - worst(two, SHORT)).toBeGreaterThan(0);
  expect(worst(one, SHORT) - worst(two, SHORT)).toBeLessThan(2);
  expect(waited(two, LONG) / waited(one, LONG)).toBeGreaterThan(2);
  expect((await numbersOf(4, true)).map(({ outcome }) => outcome)).toEqual(['ok', 'unstable']);
});

it('5: only DARC is unstable at 0.94, and at 0.9 LONG waits two to three times as long under it', async () => {
  expect((await numbersOf(5)).map(({ outcome }) => outcome)).toEqual(['ok', 'unstable']);
  const [above, below] = await numbersOf(5, true);
  expect(below.outcome).toBe('ok');
  expect(waited(below, LONG) / waited(above, LONG)).toBeGreaterThan(1.8);
  expect(waited(below, LONG) / waited(above, LONG)).toBeLessThan(3.2);
});

it('6: a LONG is cut nineteen times, which costs an eighth of the time, and SHORT half of its wait', async () => {
  const recording = recordingOf(6, 1);
  const long = recording.type.findLastIndex((type, i) => type === LONG && !Number.isNaN(recording.doneNs[i]));
  expect(stretchesOf(recording, long)).toHaveLength(20);
  const [, costly] = await numbersOf(6);
  const [, free] = await numbersOf(6, true);
  expect(costly.overhead).toBeGreaterThan(0.115);
  expect(costly.overhead).toBeLessThan(0.135);
  expect(worst(costly, SHORT)).toBeLessThan(50);
  expect(waited(free, SHORT) / waited(costly, SHORT)).toBeLessThan(0.5);
});

it('7: near the load where DARC breaks, LONG waits less under sept, and SHORT a little more', async () => {
  const [darc, sept] = await numbersOf(7);
  expect(waited(sept, LONG)).toBeLessThan(waited(darc, LONG));
  expect(waited(sept, SHORT)).toBeGreaterThan(waited(darc, SHORT));
  expect(worst(sept, SHORT)).toBeLessThan(10);
});
