/**
 * Measures on this machine, over the real path, what the cost model of a system charges: in a run whose requests mostly
 * find a worker free, and in one in which many wait. Also measures single parts alone: how long the threads of the
 * server are busy.
 */

import type { NetForm, PacketTimes } from '../../hw/native/native.js';
import { cannotProbe, probeDispatcher, probeRingHop } from '../../hw/native/probe.js';
import { type HardwareRun, runHardware } from '../../hw/run/run-pair.js';
import type { Calibrated, Calibration, NamedMeasurement } from '../../results/calibration.js';
import { parsePolicy, type TypedPolicy } from '../../scheduler/policy-registry.js';
import { type CostField, constantName } from '../../sim/costs.js';
import { parseWorkload } from '../../workload/parse-workload.js';
import type { Workload } from '../../workload/workload.js';
import { measure, ranked } from './measure.js';
import { observed, ofFree, ofTurns } from './observed.js';

export interface CalibrateOptions {
  readonly policy: TypedPolicy;
  readonly workers: number;
  readonly dilate: number | 'auto';
  /** Who polls the device; absent: from the number of cores. */
  readonly net?: NetForm;
  /** Requests of each of the two runs. */
  readonly requests: number;
  /** The requests to run; default: half take 1 us, half 20 us. */
  readonly workload?: Workload;
  /** The load of both runs; default {@link DEFAULT_LOAD}. */
  readonly load?: number;
  /** Policies whose dispatcher is measured alone. */
  readonly dispatchers?: readonly TypedPolicy[];
  readonly signal?: AbortSignal;
  readonly onNote?: (line: string) => void;
}

/** Most workloads have demands like these. */
const WORKLOAD = `
name: calibration
types:
  - { name: SHORT, ratio: 0.5, service: 1us }
  - { name: LONG, ratio: 0.5, service: 20us }
`;
/**
 * Threads that sleep are woken faster the more often they are woken: beside its service, a request took 212 ns
 * (stretched 1000 times) at load 0.05 and 152 ns at 0.5. So calibrate at the load, and with the workload, that you run.
 */
export const DEFAULT_LOAD = 0.5;
/**
 * Under d-FCFS requests wait at any load, so that turns can be measured at this one: a saturated machine wakes no
 * threads.
 */
const WAITING_POLICY = 'd-fcfs';

/**
 * @throws EnvironmentError when this machine cannot run it
 * @throws Error when a run did not end as it should, or was interrupted
 */
export async function calibrate(options: CalibrateOptions): Promise<Calibration<CostField>> {
  const { policy, workers, dilate, net, requests, signal, onNote, load = DEFAULT_LOAD, dispatchers = [] } = options;
  const workload = options.workload ?? parseWorkload(WORKLOAD, 'calibration');
  const offer = { load, workers };
  const run = async (under: TypedPolicy): Promise<HardwareRun> => {
    const hooks = { ...(signal && { signal }), ...(onNote && { onNote }) };
    // A seed of its own, because the measured requests must not be those that will be compared.
    return runHardware(
      { workload, policy: under, offer, workers, seed: 'calibrate', requests, dilate, ...(net && { net }) },
      hooks,
    );
  };
  const alone = await measureAlone(workers, dispatchers, { signal, onNote });
  const flowing = await run(policy);
  const waiting = await run(parsePolicy(WAITING_POLICY));
  const dilation = flowing.dilation.factor;
  const dispatch = dispatchConstant(alone, policy.text, dilation);
  const runs = [observed(flowing), observed(waiting)];
  // Under the policy itself: the first workers of c-FCFS are awake, while d-FCFS lets all of them sleep.
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
      calibrated('signalNs', free.startNs, 'as dispatched to started, because a preemption rings the same bell'),
      ...(dispatch ? [dispatch] : []),
      switched,
      calibrated(
        'preemptedNs',
        new Float64Array(free.startNs.length),
        'not measured: nothing but the signal, the notice and the next start, which are charged',
      ),
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
    work: [...netLoop(flowing), ...alone],
  };
}

function named(name: string, values: Float64Array, source: string): NamedMeasurement {
  return { name, ...measure(name, values, source) };
}

/** What polls the device of a run, per packet received or sent; nothing if the server did not measure it. */
function netLoop({ packetTimes }: HardwareRun): NamedMeasurement[] {
  if (!packetTimes) return [];
  return [
    named('net', timesOf(packetTimes), 'the net thread (or the dispatcher as such), per packet received or sent'),
  ];
}

/** A value for each packet: the middle of its bucket. */
function timesOf({ bucketNs, counts }: PacketTimes): Float64Array {
  const values: number[] = [];
  counts.forEach((count, bucket) => {
    for (let i = 0; i < count; i++) values.push((bucket + 0.5) * bucketNs);
  });
  return Float64Array.from(values);
}

/** The names of measurements of a policy's dispatcher begin with this. */
export const DISPATCHER = 'dispatcher.';
/** Most of it is the warm-up. */
const SECONDS_PER_DISPATCHER = 2.5;

/** Measures what needs no run, on two cores at full speed. */
async function measureAlone(
  workers: number,
  dispatchers: readonly TypedPolicy[],
  { signal, onNote }: { signal: AbortSignal | undefined; onNote: ((line: string) => void) | undefined },
): Promise<NamedMeasurement[]> {
  if (dispatchers.length === 0) return [];
  const reason = cannotProbe();
  if (reason !== undefined) {
    onNote?.(`ring and dispatcher are not measured alone: ${reason}`);
    return [];
  }
  const under = dispatchers.length === 1 ? 'one policy' : `${dispatchers.length} policies`;
  onNote?.(
    `measures the ring and the dispatcher alone, under ${under}: ` +
      `about ${Math.ceil(dispatchers.length * SECONDS_PER_DISPATCHER)} s`,
  );
  const found = [named('hop', probeRingHop(), 'an entry through a ring, from a core to another')];
  for (const policy of dispatchers) {
    const values = await probeDispatcher(policy, workers, signal);
    found.push(
      named(
        `${DISPATCHER}${policy.text}`,
        values,
        'a request’s arrival, start and end at a dispatcher that is never idle',
      ),
    );
  }
  return found;
}

/**
 * How long the dispatcher is busy with a request, under this policy and under others; nothing if dilation makes it less
 * than 1 ns.
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
    // The name of a policy says nothing about one with other parameters.
    policies: Object.fromEntries(
      others
        .map(({ name, medianNs }) => [name.slice(DISPATCHER.length), medianNs / dilation] as const)
        .filter(([name]) => !name.includes(':')),
    ),
  };
}

/**
 * Dense in the tail, where people look. The model draws linearly between two of them, so the last before the maximum
 * must be rare: when it was 0.998, one disturbance in 90 000 measurements was in every simulated p99.9.
 */
const PROBABILITIES = [
  ...[0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998],
  ...[0.999, 0.9995, 0.9998, 0.9999, 0.99995, 0.99998, 0.99999],
];
/** A quantile with fewer values beyond it is just the maximum. */
const FEWEST_BEYOND = 2;

/** The probabilities that this many values can tell, and the maximum. */
function probabilities(count: number): number[] {
  return [...PROBABILITIES.filter((probability) => (1 - probability) * count >= FEWEST_BEYOND), 1];
}

/**
 * Only these constants vary: one carries the spread of a request that waits for nobody, the other that of a turn at a
 * worker. Drawing each part alone would be wrong, because parts depend on each other on few cores (a thread that wakes
 * late finds the others awake): the median of the sum was then 25 % above the measured one.
 */
const SPREAD: readonly CostField[] = ['wireNs', 'againNs'];

function calibrated(field: CostField, values: Float64Array, source: string): Calibrated<CostField> {
  const at = ranked(values);
  return {
    field,
    ...measure(constantName(field), values, source),
    // A cost below 1 ns does not vary.
    ...(SPREAD.includes(field) &&
      at(values.length - 1) >= 1 && {
        quantiles: probabilities(values.length).map(
          (probability) => [probability, at((values.length - 1) * probability)] as const,
        ),
      }),
  };
}
