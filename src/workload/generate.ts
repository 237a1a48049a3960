/** Makes the request trace of a workload. */

import { MAX_TIME, MAX_TIME_NS } from '../units/duration.js';
import { InputError } from '../units/errors.js';
import { formatRate } from '../units/rate.js';
import type { ArrivalProcess } from './arrivals/arrival-process.js';
import { Chooser } from './chooser.js';
import type { Distribution } from './distributions/distribution.js';
import { playedNs } from './played.js';
import { type Random, STREAM, substream } from './random.js';
import type { RequestBatch, RequestSource } from './request-source.js';
import { cycleNs, type Offer, offeredRps, type Phase, phaseRateRps, type Workload } from './workload.js';

export type SourceOptions = Offer & {
  /** What all random numbers derive from; 1 and '1' are the same. */
  readonly seed: string | number;
  /** Number of the independent repetition, from 0 (the default). */
  readonly replication?: number;
  /** End after this many requests. */
  readonly requests?: number;
  /** End at this time, ns; the last arrival is before it. */
  readonly durationNs?: number;
  /**
   * Label every request with a connection, uniform over 32 bits. Default false: the batch's column is left as it is.
   */
  readonly flows?: boolean;
};

/** A source that never has to be waited for. */
export interface GeneratedSource extends RequestSource {
  fill(batch: RequestBatch): void;
}

/** A generator enters at most this many phases per request, or it would only change phases. */
const MOST_PHASES_PER_REQUEST = 100;

/**
 * Opens the request trace of a workload. Equal arguments give equal traces, bit for bit, on any machine. The trace ends
 * after `requests` or at `durationNs`, whichever comes first; without both, after one cycle of the phases.
 *
 * Random streams: one for arrivals, one for the choice of types, one per type (by name) for its demands, one for flows.
 * So the n-th request has the same type at every load, and the n-th request of a type has the same demand whatever the
 * other types are.
 *
 * @throws RangeError when the load, rate, number of workers, requests or duration makes no sense, when nothing says
 *   where to end, when the trace would not end within the limit of times, or when phases are too short
 */
export function createRequestSource(workload: Workload, options: SourceOptions): GeneratedSource {
  const { seed, replication = 0, requests, durationNs, flows = false } = options;
  if (requests !== undefined && !(Number.isInteger(requests) && requests >= 0)) {
    throw new RangeError(`expected a whole number of requests, found ${requests}`);
  }
  if (durationNs !== undefined && !(durationNs >= 0 && durationNs <= MAX_TIME_NS))
    throw new RangeError(`expected a duration from 0 to ${MAX_TIME}, found ${durationNs} ns`);
  const endNs = durationNs ?? (requests === undefined ? cycleNs(workload) : Number.POSITIVE_INFINITY);
  if (requests === undefined && endNs === Number.POSITIVE_INFINITY) {
    throw new RangeError(
      `workload ${workload.name} has no phases: say for how many requests or how long it should run`,
    );
  }
  refuseEndless(
    workload,
    options,
    Math.min((requests ?? Number.POSITIVE_INFINITY) / offeredRps(workload, options), endNs / 1e9),
  );
  const stream = (name: string) => substream(seed, name, replication);
  const arrivals = stream(STREAM.arrivals);
  const services = workload.types.map((type) => stream(STREAM.service(type.name)));
  const phases = workload.phases.map((phase, i) => {
    const rateRps = phaseRateRps(phase, options);
    if (!phase.arrivals.immediate && phase.durationNs * rateRps < 1e9) {
      throw new RangeError(
        `phase ${i + 1} of workload ${workload.name} is too short for ${phase.arrivals.kind} arrivals at ` +
          `${rateRps} requests per second: not one would come`,
      );
    }
    return new PlayedPhase(phase, phase.arrivals.start(1e9 / rateRps, arrivals));
  });
  return new Generator(
    phases,
    stream(STREAM.types),
    services,
    flows ? stream(STREAM.flows) : undefined,
    requests ?? Number.POSITIVE_INFINITY,
    endNs,
  );
}

/**
 * Refuses what would not end, or not within exact times.
 *
 * @param seconds how long the trace lasts on average
 * @throws RangeError
 */
function refuseEndless(workload: Workload, offer: Offer, seconds: number): void {
  const { name, phases } = workload;
  const rateRps = offeredRps(workload, offer);
  const at = `at ${formatRate(rateRps)}`;
  if (seconds * 1e9 > MAX_TIME_NS) {
    throw new RangeError(
      `expected a last arrival before ${MAX_TIME}, found it after ${Math.round(seconds / 86400)} days ${at}`,
    );
  }
  if (seconds * rateRps > Number.MAX_SAFE_INTEGER)
    throw new RangeError(`expected fewer than 2^53 requests, found more ${at}`);
  const perRequest = (phases.length * 1e9) / (cycleNs(workload) * rateRps);
  if (perRequest > MOST_PHASES_PER_REQUEST) {
    throw new RangeError(
      `workload ${name}: expected at most ${MOST_PHASES_PER_REQUEST} phases per request, found ` +
        `about ${Math.round(perRequest)} ${at}`,
    );
  }
}

/** A phase prepared for the generator's loops. */
class PlayedPhase {
  readonly durationNs: number;
  readonly chooser: Chooser;
  /** The only type that occurs, or -1. */
  readonly onlyType: number;
  /** Demand of each type whose demand is constant, integer ns of at least 1; 0 for types that are sampled. */
  readonly constantNs: Float64Array;
  readonly service: readonly Distribution[];
  /** Does a type occur that is sampled? */
  readonly sampled: boolean;

  constructor(
    { durationNs, ratio, service }: Phase,
    readonly arrivals: ArrivalProcess,
  ) {
    this.durationNs = durationNs;
    this.chooser = new Chooser(ratio);
    const occurring = ratio.flatMap((share, type) => (share > 0 ? [type] : []));
    this.onlyType = occurring.length === 1 ? occurring[0]! : -1;
    this.constantNs = Float64Array.from(service, (each) => (each.kind === 'constant' ? playedNs(each.meanNs) : 0));
    this.service = service;
    this.sampled = occurring.some((type) => this.constantNs[type] === 0);
  }
}

class Generator implements GeneratedSource {
  private current = 0;
  private phaseEndNs: number;

  constructor(
    private readonly phases: readonly PlayedPhase[],
    private readonly types: Random,
    private readonly services: readonly Random[],
    private readonly flows: Random | undefined,
    private requestsLeft: number,
    private readonly endNs: number,
  ) {
    this.phaseEndNs = phases[0]!.durationNs;
  }

  fill(batch: RequestBatch): void {
    const to = Math.min(batch.arrivalNs.length, this.requestsLeft);
    let from = 0;
    while (from < to) {
      const phase = this.phases[this.current]!;
      const endNs = Math.min(this.phaseEndNs, this.endNs);
      const next = phase.arrivals.fill(batch.arrivalNs, from, to, endNs);
      if (next > from) this.fillDemands(batch, from, next, phase);
      // The expected end is within the limit, but chance may exceed it.
      if (next > from && batch.arrivalNs[next - 1]! > MAX_TIME_NS) throw beyondTime('an arrival');
      from = next;
      if (from === to) break;
      if (endNs === this.endNs) {
        this.requestsLeft = from;
        break;
      }
      this.enterNextPhase();
    }
    if (this.flows) fillFlows(batch.flow, from, this.flows);
    batch.length = from;
    this.requestsLeft -= from;
  }

  private enterNextPhase(): void {
    const startNs = this.phaseEndNs;
    this.current = (this.current + 1) % this.phases.length;
    const phase = this.phases[this.current]!;
    this.phaseEndNs = startNs + phase.durationNs;
    phase.arrivals.restart(startNs);
  }

  /** Types and service demands of the requests `from … to-1`, column by column, without calls that are not needed. */
  private fillDemands(batch: RequestBatch, from: number, to: number, phase: PlayedPhase): void {
    const { type, serviceNs } = batch;
    const { constantNs, onlyType } = phase;
    if (onlyType >= 0) {
      type.fill(onlyType, from, to);
      serviceNs.fill(constantNs[onlyType]!, from, to);
    } else {
      // Chooser.choose, inlined
      const { upTo, guide, guides } = phase.chooser;
      const random = this.types;
      for (let i = from; i < to; i++) {
        const u = random();
        let k = guide[(u * guides) | 0]!;
        while (u >= upTo[k]!) k++;
        type[i] = k;
        serviceNs[i] = constantNs[k]!;
      }
    }
    if (phase.sampled) this.sampleDemands(batch, from, to, phase);
  }

  private sampleDemands({ type, serviceNs }: RequestBatch, from: number, to: number, phase: PlayedPhase): void {
    const { service, onlyType } = phase;
    const { services } = this;
    if (onlyType >= 0) {
      fillService(serviceNs, from, to, service[onlyType]!, services[onlyType]!);
      return;
    }
    for (let i = from; i < to; i++) {
      if (serviceNs[i] !== 0) continue;
      const k = type[i]!;
      serviceNs[i] = demandNs(service[k]!, services[k]!);
    }
  }
}

/** The loop of requests of one type: V8 compiles the distribution's code into it. */
function fillService(serviceNs: Float64Array, from: number, to: number, service: Distribution, random: Random): void {
  for (let i = from; i < to; i++) serviceNs[i] = demandNs(service, random);
}

function demandNs(service: Distribution, random: Random): number {
  const ns = playedNs(service.sample(random));
  if (!(ns <= MAX_TIME_NS)) throw beyondTime('a service demand');
  return ns;
}

function beyondTime(what: string): InputError {
  return new InputError(`expected times of at most ${MAX_TIME}, found ${what} beyond`);
}

function fillFlows(flow: Uint32Array, length: number, random: Random): void {
  for (let i = 0; i < length; i++) flow[i] = random() * 4294967296;
}
