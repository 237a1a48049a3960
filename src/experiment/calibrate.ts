/**
 * Measures on this machine, through the real path, what the cost model of a system charges: a run whose requests mostly find a worker free, and one in
 * which many wait for theirs.
 */
import { type HardwareRun, runHardware } from '../hw/run.js';
import { CONSTANTS, type CostField } from '../sim/costs.js';
import type { System } from '../sim/parse-system.js';
import type { QuantilePairs } from '../workload/distributions/empirical.js';
import { parseWorkload } from '../workload/parse-workload.js';
import type { Workload } from '../workload/workload.js';
import { InputError } from './errors.js';

/** What was measured, undilated ns. */
export interface Measurement {
  readonly medianNs: number;
  /** 95 % confidence interval of the median, from order statistics. */
  readonly ci95Ns: readonly [number, number];
  /** Standard deviation of one measurement. */
  readonly sdNs: number;
  readonly samples: number;
  readonly source: string;
}

/** A constant of the model. */
export interface Calibrated extends Measurement {
  readonly field: CostField;
  /** Of single measurements, where the model lets them vary. */
  readonly quantiles?: QuantilePairs;
}

/** What `delays.wire` is made of, both ways together; the model charges the whole. */
export interface WirePart extends Measurement {
  readonly name: 'lateness' | 'request' | 'reply';
}

export interface CalibrateOptions {
  readonly policy: string;
  readonly workers: number;
  readonly dilate: number | 'auto';
  /** Requests of each of the two runs. */
  readonly requests: number;
  /** What is run; default: requests of 1 and 20 us. */
  readonly workload?: Workload;
  /** How much of it, in the run whose requests mostly find a worker free; default {@link DEFAULT_LOAD}. */
  readonly load?: number;
  readonly signal?: AbortSignal;
  readonly onNote?: (line: string) => void;
}

export interface Calibration {
  readonly dilation: number;
  readonly workload: string;
  readonly workers: number;
  readonly load: number;
  readonly constants: readonly Calibrated[];
  readonly parts: readonly WirePart[];
}

/** Demands that most workloads have something of. */
const WORKLOAD = `
name: calibration
types:
  - { name: SHORT, ratio: 0.5, service: 1us }
  - { name: LONG, ratio: 0.5, service: 20us }
`;
/**
 * A machine whose threads sleep wakes them the quicker the more often it does: measured, a request took 212 ns (1000 times stretched) beside its service at load 0.05 and 152 ns at
 * 0.5. So the load is one that is run at, and the workload may be given: what counts is how many requests there are in a second.
 */
export const DEFAULT_LOAD = 0.5;
/**
 * Under it requests wait for their worker at any load, so that turns can be measured at the load that is run at: a saturated machine has no threads to wake.
 */
const WAITING_POLICY = 'd-fcfs';

/**
 * @throws StartupError when this machine cannot run it
 * @throws Error when a run did not end as it should, or was interrupted
 */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const { policy, workers, dilate, requests, signal, onNote, load = DEFAULT_LOAD } = options;
  const workload = options.workload ?? parseWorkload(WORKLOAD, 'calibration');
  const offer = { load, workers };
  const run = async (under: string): Promise<HardwareRun> => {
    const hooks = { ...(signal && { signal }), ...(onNote && { onNote }) };
    // A seed of its own: nothing is measured on the requests that will be compared.
    return runHardware({ workload, policy: under, offer, workers, seed: 'calibrate', requests, dilate }, hooks);
  };
  const flowing = await run(policy);
  const waiting = await run(WAITING_POLICY);
  const alone = measuredAlone(flowing, workers);
  const handoff = calibrated(
    'handoffNs',
    alone.handoffNs,
    'received to started on an idle worker: ring, dispatcher, wake-up',
  );
  const overshoot = calibrated('contextSwitchNs', alone.overshootNs, 'started to ended, less the demand');
  const onServerNs = handoff.medianNs + overshoot.medianNs;
  const constants = [
    calibrated(
      'wireNs',
      alone.wholeNs.map((ns) => (ns - onServerNs) / 2),
      'planned send to reply less demand, hand-off and switch, halved: lateness, device, net thread and reply',
    ),
    handoff,
    calibrated(
      'againNs',
      turnsOf(waiting, handoff.medianNs).map((ns) => ns - overshoot.medianNs),
      'ended to the end of the next, which waited, less demand and switch: notice and hand-off',
    ),
    overshoot,
  ];
  const parts = (
    [
      ['lateness', alone.latenessNs, 'planned send to sent'],
      ['request', alone.requestNs, 'sent to received: device, wire, the net thread’s look'],
      ['reply', alone.replyNs, 'ended to reply: the worker’s send, device, wire, the client’s look'],
    ] as const
  ).map(([name, values, source]) => ({ name, ...measured(`delays.wire, its ${name}`, values), source }));
  return { dilation: flowing.dilation.factor, workload: workload.name, workers, load, constants, parts };
}

/** What each request took beside its service, of those that nothing kept waiting, ns: as a whole, and the parts of it at the server. */
function measuredAlone(run: HardwareRun, workers: number) {
  const { records, trace } = run;
  const answered = wholeOf(run);
  const busy = busyAtReceipt(run, answered);
  const free = answered.filter((_, k) => busy[k]! < workers);
  const of = (value: (i: number) => number) => Float64Array.from(free, value);
  const { sentNs, receivedNs, startedNs, endedNs, repliedNs } = records;
  return {
    wholeNs: of((i) => repliedNs[i]! - trace.arrivalNs[i]! - trace.serviceNs[i]!),
    handoffNs: of((i) => startedNs[i]! - receivedNs[i]!),
    overshootNs: of((i) => endedNs[i]! - startedNs[i]! - trace.serviceNs[i]!),
    latenessNs: of((i) => sentNs[i]! - trace.arrivalNs[i]!),
    requestNs: of((i) => receivedNs[i]! - sentNs[i]!),
    replyNs: of((i) => repliedNs[i]! - endedNs[i]!),
  };
}

/**
 * From the end of a request to the end of the one that got its worker, less its demand, ns. What starts a request that waited is an end, the last one before its dispatch: the dispatcher's
 * time is the stamp of what it was told, or the net thread's clock when that is later. One that waited for less than a hand-off may have found its worker free, and an
 * end further back than that was another worker's.
 */
function turnsOf(run: HardwareRun, handoffNs: number): Float64Array {
  const { receivedNs, endedNs, dispatchedNs } = run.records;
  const whole = wholeOf(run);
  const ends = whole.map((i) => endedNs[i]!).sort((a, b) => a - b);
  const turns: number[] = [];
  for (const i of whole) {
    const atNs = dispatchedNs[i]!;
    const endNs = ends[countBelow(ends, atNs + Number.EPSILON * atNs) - 1] ?? Number.NEGATIVE_INFINITY;
    if (atNs - receivedNs[i]! > handoffNs && atNs - endNs < handoffNs) {
      turns.push(endedNs[i]! - endNs - run.trace.serviceNs[i]!);
    }
  }
  return Float64Array.from(turns);
}

/** How many of `requests` were at the server when each of them was received. */
function busyAtReceipt({ records }: HardwareRun, requests: readonly number[]): number[] {
  const received = requests.map((i) => records.receivedNs[i]!).sort((a, b) => a - b);
  const ended = requests.map((i) => records.endedNs[i]!).sort((a, b) => a - b);
  return requests.map((i) => {
    const ns = records.receivedNs[i]!;
    return countBelow(received, ns) - countBelow(ended, ns);
  });
}

/** How many of the ascending values are below x. */
function countBelow(sorted: readonly number[], x: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The requests that were answered, with all of their stamps. */
function wholeOf({ records: { repliedNs, endedNs }, trace }: HardwareRun): number[] {
  const whole: number[] = [];
  for (let i = 0; i < trace.length; i++) {
    if (!Number.isNaN(repliedNs[i]!) && !Number.isNaN(endedNs[i]!)) whole.push(i);
  }
  return whole;
}

/** Dense where latencies are looked at: in the tail. */
const PROBABILITIES = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 1];

/**
 * The constants that carry the spread of a whole: of a request that meets nobody, and of a turn at a worker. Were each part drawn alone, the whole would be another: on few cores the parts are not
 * independent (who is woken late finds the others awake), and the median of the sum was 25 % above the measured one.
 */
const SPREAD: readonly CostField[] = ['wireNs', 'againNs'];

/** Fewer say nothing. */
const FEWEST = 20;

function calibrated(field: CostField, values: Float64Array, source: string): Calibrated {
  const at = ranked(values);
  return {
    field,
    ...measured(field, values),
    ...(SPREAD.includes(field) && {
      quantiles: PROBABILITIES.map((probability) => [probability, at((values.length - 1) * probability)] as const),
    }),
    source,
  };
}

/** The value of a rank, from 0; nothing takes less than no time. */
function ranked(values: Float64Array): (rank: number) => number {
  const sorted = values.slice().sort();
  return (rank) => Math.max(0, sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(rank)))]!);
}

/** @throws InputError naming `what` when there are too few */
function measured(what: string, values: Float64Array): Omit<Measurement, 'source'> {
  const { length } = values;
  if (length < FEWEST) {
    throw new InputError(
      `--requests: ${what} was measured on ${length} requests only, expected at least ${FEWEST}: more requests, or more load`,
    );
  }
  const at = ranked(values);
  const mean = values.reduce((sum, x) => sum + x, 0) / length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (length - 1);
  // Ranks of the order-statistic interval of the median, by the normal approximation of the binomial distribution.
  const half = (1.959964 * Math.sqrt(length)) / 2;
  return {
    medianNs: at((length - 1) / 2),
    ci95Ns: [at((length - 1) / 2 - half), at((length - 1) / 2 + half)],
    sdNs: Math.sqrt(variance),
    samples: length,
  };
}

export interface SystemFile {
  readonly name: string;
  readonly policy: string;
  readonly machine: string;
  /** As in 2026-11-24. */
  readonly date: string;
}

/** The text of a system file with these constants. */
export function systemYaml({ name, policy, machine, date }: SystemFile, calibration: Calibration): string {
  const { dilation, workload, workers, load, constants, parts } = calibration;
  const quoted = JSON.stringify;
  const stretched =
    dilation === 1 ? 'nothing was stretched' : `times were stretched ${dilation} times, and are given undilated`;
  const sections = [...new Set(CONSTANTS.map(({ section }) => section))].flatMap((section) => {
    const lines = CONSTANTS.filter((spec) => spec.section === section).flatMap(({ key, field }) => {
      const found = constants.find((constant) => constant.field === field);
      if (!found) return [];
      const quantiles = found.quantiles?.map(([p, ns]) => `[${p}, ${plain(ns)}]`).join(', ');
      const lines = [
        ...measurementLines(found),
        ...(quantiles === undefined ? [] : [`quantiles: [${quantiles}],`]),
        `source: ${quoted(found.source)},`,
      ];
      return [`  ${key}:`, '    {', ...lines.map((line) => `      ${line}`), '    }'];
    });
    return lines.length > 0 ? ['', `${section}:`, ...lines] : [];
  });
  return `${[
    `# Measured by psp calibrate: medians, with the spread of a single measurement, the 95 % interval of the median, and quantiles where every request may have another; ${stretched}.`,
    `name: ${quoted(name)}`,
    `title: ${quoted(`This machine, ${date}`)}`,
    `description: ${quoted(`what ${machine} costs, measured over the real path; ${stretched}`)}`,
    `policy: ${quoted(policy)}`,
    '# Here the dispatcher starts every request, also those of d-fcfs.',
    'queues: dispatcher',
    'measured:',
    '  {',
    `    machine: ${quoted(machine)}, date: ${date}, dilation: ${dilation},`,
    `    workers: ${workers}, policy: ${quoted(policy)}, workload: ${quoted(workload)}, load: ${load},`,
    '    # What delays.wire is made of, both ways together.',
    '    parts: {',
    ...parts.map(
      (part) => `      ${part.name}: { ${measurementLines(part).join(' ')} source: ${quoted(part.source)} },`,
    ),
    '    },',
    '  }',
    ...sections,
  ].join('\n')}\n`;
}

function measurementLines({ medianNs, sdNs, ci95Ns, samples }: Omit<Measurement, 'source'>): string[] {
  return [
    `time: ${plain(medianNs)},`,
    `sd: ${plain(sdNs)},`,
    `ci95: [${ci95Ns.map(plain).join(', ')}],`,
    `samples: ${samples},`,
  ];
}

/** A duration as a system file holds it. */
function plain(ns: number): string {
  return `${Math.round(ns)}ns`;
}

/** A constant then and now. */
export interface Moved {
  readonly field: CostField;
  readonly beforeNs: number;
  readonly now: Calibrated;
  /** Do the intervals have nothing in common, and do the values differ by more than a tenth? */
  readonly moved: boolean;
}

/** A smaller change moves no result by more than its own interval. */
const NOTABLE = 0.1;

/** What a calibration says about an earlier one. */
export function compareCalibration(before: System, { constants }: Calibration): Moved[] {
  return constants.map((now) => {
    const stated = before.constants.find(({ spec }) => spec.field === now.field);
    const beforeNs = stated?.ns ?? 0;
    const [low, high] = stated?.ci95Ns ?? [beforeNs, beforeNs];
    const apart = high < now.ci95Ns[0] || now.ci95Ns[1] < low;
    return {
      field: now.field,
      beforeNs,
      now,
      moved: apart && Math.abs(now.medianNs - beforeNs) > NOTABLE * Math.max(beforeNs, now.medianNs),
    };
  });
}
