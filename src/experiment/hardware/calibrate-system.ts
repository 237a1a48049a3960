/**
 * Measures on this machine, through the real path, what the cost model of a system charges: a run whose requests mostly
 * find a worker free, and one in which many wait for theirs. Beside them, each alone, what the threads of the server
 * are busy for.
 */

import type { PacketTimes } from '../../hw/native/native.js';
import { cannotProbe, probeDispatcher, probeRingHop } from '../../hw/native/probe.js';
import { type HardwareRun, runHardware } from '../../hw/run/run-pair.js';
import type { Calibrated, Calibration, NamedMeasurement } from '../../results/calibration.js';
import { type CostField, constantName } from '../../sim/costs.js';
import { parseWorkload } from '../../workload/parse-workload.js';
import type { Workload } from '../../workload/workload.js';
import { measure, ranked } from './measure.js';
import { observed, ofFree, ofTurns } from './observed.js';

/** A constant of the model, undilated. */
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
  /** Policies, as typed, whose dispatcher is measured alone. */
  readonly dispatchers?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onNote?: (line: string) => void;
}

/** Demands that most workloads have something of. */
const WORKLOAD = `
name: calibration
types:
  - { name: SHORT, ratio: 0.5, service: 1us }
  - { name: LONG, ratio: 0.5, service: 20us }
`;
/**
 * A machine whose threads sleep wakes them the quicker the more often it does: measured, a request took 212 ns (1000
 * times stretched) beside its service at load 0.05 and 152 ns at 0.5. So the load is one that is run at, and the
 * workload may be given: what counts is how many requests there are in a second.
 */
export const DEFAULT_LOAD = 0.5;
/**
 * Under it requests wait for their worker at any load, so that turns can be measured at the load that is run at: a
 * saturated machine has no threads to wake.
 */
const WAITING_POLICY = 'd-fcfs';

/**
 * @throws EnvironmentError when this machine cannot run it
 * @throws Error when a run did not end as it should, or was interrupted
 */
export async function calibrate(options: CalibrateOptions): Promise<Calibration<CostField>> {
  const { policy, workers, dilate, requests, signal, onNote, load = DEFAULT_LOAD, dispatchers = [] } = options;
  const workload = options.workload ?? parseWorkload(WORKLOAD, 'calibration');
  const offer = { load, workers };
  const run = async (under: string): Promise<HardwareRun> => {
    const hooks = { ...(signal && { signal }), ...(onNote && { onNote }) };
    // A seed of its own: nothing is measured on the requests that will be compared.
    return runHardware({ workload, policy: under, offer, workers, seed: 'calibrate', requests, dilate }, hooks);
  };
  const alone = await measureAlone(workers, dispatchers, { signal, onNote });
  const flowing = await run(policy);
  const waiting = await run(WAITING_POLICY);
  const dilation = flowing.dilation.factor;
  const dispatch = dispatchConstant(alone, policy, dilation);
  const runs = [observed(flowing), observed(waiting)];
  // Under the policy itself: c-FCFS finds its first workers awake, which d-FCFS leaves asleep for long.
  const free = ofFree(runs.slice(0, 1));
  const turns = ofTurns(runs);
  const handoffNs = measure('delays.handoff', free.handoffNs, '').medianNs;
  const switched = calibrated('contextSwitchNs', free.overshootNs, 'started to ended, less the demand');
  const busyNs = dispatch?.medianNs ?? 0;
  const less = (values: Float64Array, ns: number): Float64Array => values.map((value) => value - ns);
  const toDispatcher = dispatch === undefined ? '' : ', less the dispatcher’s own time';
  return {
    dilation,
    workload: workload.name,
    workers,
    load,
    constants: [
      calibrated(
        'wireNs',
        less(free.wholeNs, handoffNs + switched.medianNs).map((ns) => ns / 2),
        'planned send to reply less demand, hand-off and switch, halved: lateness, device, net thread and reply',
      ),
      calibrated(
        'handoffNs',
        less(free.handoffNs, busyNs),
        `received to started on an idle worker: ring, dispatcher, wake-up${toDispatcher}`,
      ),
      calibrated(
        'againNs',
        less(turns.wholeNs, switched.medianNs + busyNs),
        `ended to the end of the next, which waited, less demand and switch: notice and hand-off${toDispatcher}`,
      ),
      ...(dispatch ? [dispatch] : []),
      switched,
    ],
    parts: [
      named('wire.lateness', free.latenessNs, 'planned send to sent'),
      named('wire.request', free.requestNs, 'sent to received: device, wire, the net thread’s look'),
      named('wire.reply', free.replyNs, 'ended to reply: the worker’s send, device, wire, the client’s look'),
      named('handoff.ring', free.ringNs, 'received to dispatched: the ring, and the dispatcher’s wake-up'),
      named('handoff.start', free.startNs, 'dispatched to started on an idle worker: the mailbox, and its wake-up'),
      named('again.notice', turns.noticeNs, 'ended to dispatched: the mailbox, and the dispatcher’s wake-up'),
      named('again.start', turns.startNs, 'dispatched to started on a worker that has just become free'),
    ],
    work: [...netThread(flowing), ...alone],
  };
}

function named(name: string, values: Float64Array, source: string): NamedMeasurement {
  return { name, ...measure(name, values, source) };
}

/** The net thread of a run, per packet received or sent; nothing of a server that could not say. */
function netThread({ packetTimes }: HardwareRun): NamedMeasurement[] {
  if (!packetTimes) return [];
  return [named('net', timesOf(packetTimes), 'the net thread, per packet received or sent')];
}

/** A value for each packet: the middle of its bucket. */
function timesOf({ bucketNs, counts }: PacketTimes): Float64Array {
  const values: number[] = [];
  counts.forEach((count, bucket) => {
    for (let i = 0; i < count; i++) values.push((bucket + 0.5) * bucketNs);
  });
  return Float64Array.from(values);
}

/** Begins the names of what a policy's dispatcher was measured to take. */
export const DISPATCHER = 'dispatcher.';
/** To warm it up, mostly. */
const SECONDS_PER_DISPATCHER = 2.5;

/** What can be measured without a run: on two cores, at full speed. */
async function measureAlone(
  workers: number,
  dispatchers: readonly string[],
  { signal, onNote }: { signal: AbortSignal | undefined; onNote: ((line: string) => void) | undefined },
): Promise<NamedMeasurement[]> {
  if (dispatchers.length === 0) return [];
  const reason = cannotProbe();
  if (reason !== undefined) {
    onNote?.(`ring and dispatcher are not measured alone: ${reason}`);
    return [];
  }
  onNote?.(
    'measures the ring and the dispatcher alone, under ' +
      `${dispatchers.length === 1 ? 'one policy' : `${dispatchers.length} policies`}: some ` +
      `${Math.ceil(dispatchers.length * SECONDS_PER_DISPATCHER)} s`,
  );
  const found = [named('hop', probeRingHop(), 'an entry through a ring, from a core to another')];
  for (const policy of dispatchers) {
    const values = await probeDispatcher(policy, workers, signal);
    found.push(
      named(`${DISPATCHER}${policy}`, values, 'a request’s arrival, start and end at a dispatcher that is never idle'),
    );
  }
  return found;
}

/**
 * What keeps the dispatcher busy, where the stretching leaves something of it: the policy's own time, and that of
 * others.
 */
function dispatchConstant(
  alone: readonly NamedMeasurement[],
  policy: string,
  dilation: number,
): Calibrated<CostField> | undefined {
  const own = alone.find(({ name }) => name === `${DISPATCHER}${policy}`);
  if (!own || own.medianNs / dilation < 1) return undefined;
  const others = alone.filter((each) => each.name.startsWith(DISPATCHER) && each !== own);
  return {
    field: 'dispatchNs',
    medianNs: own.medianNs / dilation,
    ci95Ns: [own.ci95Ns[0] / dilation, own.ci95Ns[1] / dilation],
    sdNs: own.sdNs / dilation,
    samples: own.samples,
    source: own.source,
    // Of a policy with parameters of its own nothing is known by its name.
    policies: Object.fromEntries(
      others
        .map(({ name, medianNs }) => [name.slice(DISPATCHER.length), medianNs / dilation] as const)
        .filter(([name]) => !name.includes(':')),
    ),
  };
}

/**
 * Dense where latencies are looked at: in the tail. Between two of them the model draws linearly, so that the last one
 * before the maximum must be a rare one: with 0.998 there, one disturbance in 90 000 measurements was in every p99.9
 * that was simulated.
 */
const PROBABILITIES = [
  ...[0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998],
  ...[0.999, 0.9995, 0.9998, 0.9999, 0.99995, 0.99998, 0.99999],
];
/** A quantile that fewer values lie beyond is the maximum, under another name. */
const FEWEST_BEYOND = 2;

/** Those that so many values have something to say of, and the maximum. */
function probabilities(count: number): number[] {
  return [...PROBABILITIES.filter((probability) => (1 - probability) * count >= FEWEST_BEYOND), 1];
}

/**
 * The constants that carry the spread of a whole: of a request that meets nobody, and of a turn at a worker. Were each
 * part drawn alone, the whole would be another: on few cores the parts are not independent (who is woken late finds the
 * others awake), and the median of the sum was 25 % above the measured one.
 */
const SPREAD: readonly CostField[] = ['wireNs', 'againNs'];

function calibrated(field: CostField, values: Float64Array, source: string): Calibrated<CostField> {
  const at = ranked(values);
  return {
    field,
    ...measure(constantName(field), values, source),
    // What never takes a nanosecond does not vary.
    ...(SPREAD.includes(field) &&
      at(values.length - 1) >= 1 && {
        quantiles: probabilities(values.length).map(
          (probability) => [probability, at((values.length - 1) * probability)] as const,
        ),
      }),
  };
}
