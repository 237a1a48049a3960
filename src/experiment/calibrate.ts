/**
 * Measures on this machine, through the real path, what the cost model of a system charges: a run of requests that hardly ever wait, and one of a
 * single worker that never rests.
 */
import { type HardwareRecords, type HardwareRun, runHardware } from '../hw/run.js';
import { CONSTANTS, type CostField, VARYING } from '../sim/costs.js';
import type { System } from '../sim/parse-system.js';
import type { QuantilePairs } from '../workload/distributions/empirical.js';
import { parseWorkload } from '../workload/parse-workload.js';
import type { Workload } from '../workload/workload.js';

/** A constant as it was measured, undilated ns. */
export interface Calibrated {
  readonly field: CostField;
  readonly medianNs: number;
  /** 95 % confidence interval of the median, from order statistics. */
  readonly ci95Ns: readonly [number, number];
  /** Standard deviation of one measurement. */
  readonly sdNs: number;
  readonly samples: number;
  /** Of single measurements, where the model lets them vary. */
  readonly quantiles?: QuantilePairs;
  readonly source: string;
}

export interface CalibrateOptions {
  readonly policy: string;
  readonly workers: number;
  readonly dilate: number | 'auto';
  /** Requests of each of the two runs. */
  readonly requests: number;
  /** Whose demands and rate the requests of the first run have; default: some that most workloads have something of. */
  readonly workload?: Workload;
  readonly signal?: AbortSignal;
  readonly onNote?: (line: string) => void;
}

export interface Calibration {
  readonly dilation: number;
  readonly constants: readonly Calibrated[];
}

/** Demands that most workloads have something of. */
const WORKLOAD = `
name: calibration
types:
  - { name: SHORT, ratio: 0.5, service: 1us }
  - { name: LONG, ratio: 0.5, service: 20us }
`;
/** As busy as a machine usually is: threads that sleep for long are woken later, which is also why the rate matters. Requests that found no worker free are left out. */
const USUAL = 0.5;
/** So that something always waits. */
const SATURATED = 1.5;

/**
 * @throws StartupError when this machine cannot run it
 * @throws Error when a run did not end as it should, or was interrupted
 */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const { policy, workers, dilate, requests, signal, onNote } = options;
  const own = parseWorkload(WORKLOAD, 'calibration');
  const run = async (workload: Workload, load: number, count: number): Promise<HardwareRun> => {
    const offer = { load, workers: count };
    const hooks = { ...(signal && { signal }), ...(onNote && { onNote }) };
    return runHardware({ workload, policy, offer, workers: count, seed: 'calibrate', requests, dilate }, hooks);
  };
  const usual = await run(options.workload ?? own, USUAL, workers);
  const saturated = await run(own, SATURATED, 1);
  const alone = measuredAlone(usual, workers);
  const wire = 'planned send to reply less the time in the server, halved: lateness, device, net thread and reply';
  const handoff = calibrated('handoffNs', alone.handoffNs, 'dispatched to started on an idle worker');
  const notices = turnaroundsOf(saturated).map((ns) => ns - handoff.medianNs);
  const constants = [
    calibrated('wireNs', alone.wireNs, wire),
    calibrated('dispatcherReceiveNs', alone.receiveNs, 'received to dispatched with a worker free'),
    handoff,
    calibrated('contextSwitchNs', alone.overshootNs, 'started to ended, less the demand'),
    calibrated('noticeNs', notices, 'ended to started of the next, which waited, less the hand-off'),
  ];
  return { dilation: usual.dilation.factor, constants };
}

/** What each request took beside its service, of those that found a worker free, ns. */
function measuredAlone({ records, trace }: HardwareRun, workers: number) {
  const answered = foundFree(records, workers);
  const of = (value: (i: number) => number) => Float64Array.from(answered, value);
  const { receivedNs, dispatchedNs, startedNs, endedNs, repliedNs } = records;
  return {
    wireNs: of((i) => (repliedNs[i]! - trace.arrivalNs[i]! - (endedNs[i]! - receivedNs[i]!)) / 2),
    receiveNs: of((i) => dispatchedNs[i]! - receivedNs[i]!),
    handoffNs: of((i) => startedNs[i]! - dispatchedNs[i]!),
    overshootNs: of((i) => endedNs[i]! - startedNs[i]! - trace.serviceNs[i]!),
  };
}

/**
 * From the end of each request on the only worker to the start of the next, which waited, ns. Not to its dispatch: the dispatcher's time is the stamp of the
 * event it was told last, and so that of the end.
 */
function turnaroundsOf({ records, trace }: HardwareRun): Float64Array {
  const { receivedNs, startedNs, endedNs } = records;
  const order = numbers(trace.length)
    .filter((i) => isWhole(records, i))
    .sort((a, b) => startedNs[a]! - startedNs[b]!);
  const gaps: number[] = [];
  for (let k = 1; k < order.length; k++) {
    const endNs = endedNs[order[k - 1]!]!;
    if (receivedNs[order[k]!]! < endNs) gaps.push(startedNs[order[k]!]! - endNs);
  }
  return Float64Array.from(gaps);
}

/** The requests that came when fewer than `workers` were in the server, by number. */
function foundFree(records: HardwareRecords, workers: number): number[] {
  const { receivedNs, endedNs } = records;
  const whole = numbers(endedNs.length).filter((i) => isWhole(records, i));
  const ends = Float64Array.from(whole, (i) => endedNs[i]!).sort();
  const byArrival = whole.sort((a, b) => receivedNs[a]! - receivedNs[b]!);
  let ended = 0;
  return byArrival.filter((i, before) => {
    while (ended < ends.length && ends[ended]! <= receivedNs[i]!) ended++;
    return before - ended < workers;
  });
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function isWhole({ repliedNs, endedNs }: HardwareRecords, i: number): boolean {
  return !Number.isNaN(repliedNs[i]!) && !Number.isNaN(endedNs[i]!);
}

/** Dense where latencies are looked at: in the tail. */
const PROBABILITIES = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 1];

/** Fewer say nothing. */
const FEWEST = 20;

function calibrated(field: CostField, values: Float64Array, source: string): Calibrated {
  const sorted = values.slice().sort();
  const { length } = sorted;
  if (length < FEWEST) throw new Error(`${field}: measured on ${length} requests only, expected at least ${FEWEST}`);
  const at = (rank: number) => Math.max(0, sorted[Math.min(length - 1, Math.max(0, Math.round(rank)))]!);
  const mean = sorted.reduce((sum, x) => sum + x, 0) / length;
  const variance = sorted.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (length - 1);
  // Ranks of the order-statistic interval of the median, by the normal approximation of the binomial distribution.
  const half = (1.959964 * Math.sqrt(length)) / 2;
  return {
    field,
    medianNs: at((length - 1) / 2),
    ci95Ns: [at((length - 1) / 2 - half), at((length - 1) / 2 + half)],
    sdNs: Math.sqrt(variance),
    samples: length,
    ...((VARYING as readonly string[]).includes(field) && {
      quantiles: PROBABILITIES.map((probability) => [probability, at((length - 1) * probability)] as const),
    }),
    source,
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
export function systemYaml({ name, policy, machine, date }: SystemFile, { dilation, constants }: Calibration): string {
  const quoted = JSON.stringify;
  const stretched =
    dilation === 1 ? 'nothing was stretched' : `times were stretched ${dilation} times, and are given undilated`;
  const sections = [...new Set(CONSTANTS.map(({ section }) => section))].flatMap((section) => {
    const lines = CONSTANTS.filter((spec) => spec.section === section).flatMap(({ key, field }) => {
      const found = constants.find((constant) => constant.field === field);
      if (!found) return [];
      const ci95 = found.ci95Ns.map(plain).join(', ');
      return [
        `  ${key}:`,
        '    {',
        `      time: ${plain(found.medianNs)},`,
        `      sd: ${plain(found.sdNs)},`,
        `      ci95: [${ci95}],`,
        `      samples: ${found.samples},`,
        ...(found.quantiles
          ? [`      quantiles: [${found.quantiles.map(([p, ns]) => `[${p}, ${plain(ns)}]`).join(', ')}],`]
          : []),
        `      source: ${quoted(found.source)},`,
        '    }',
      ];
    });
    return lines.length > 0 ? ['', `${section}:`, ...lines] : [];
  });
  return `${[
    `# Measured by psp calibrate: medians, with the spread of a single measurement, the 95 % interval of the median, and quantiles where every request may have another; ${stretched}.`,
    `name: ${quoted(name)}`,
    `title: ${quoted(`This machine, ${date}`)}`,
    `description: ${quoted(`what ${machine} costs, measured over the real path; ${stretched}`)}`,
    `policy: ${quoted(policy)}`,
    `measured: { machine: ${quoted(machine)}, date: ${date} }`,
    ...sections,
  ].join('\n')}\n`;
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
