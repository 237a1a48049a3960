/** The rules of psp's own policies: in which order each serves, and when a request must leave its worker. */

import type { Parameters } from '../scheduler/policy.js';
import type { TypeInfo } from '../scheduler/scheduler.js';
import type { Breach, History, HistoryEvent, KnownRequest, Running } from './books.js';
import type { WaitingKey, WaitingRequests } from './waiting.js';

/** The books at one moment: who runs and who waits. */
export interface RefereeBooks {
  readonly parameters: Parameters;
  readonly types: readonly TypeInfo[];
  readonly waiting: Pick<WaitingRequests, 'least' | 'oldest'>;
  running(): readonly Running[];
  /** What the completed requests of a type received on average, ns, by type; only where nothing is preempted. */
  readonly means: ReadonlyMap<number, { readonly meanNs: number; readonly count: number }>;
}

type StartRule = (request: KnownRequest, books: RefereeBooks) => Breach | undefined;
/** Is also told who may ask for a worker, see {@link objectors}. */
type SettledRule = (books: RefereeBooks, objecting: (worker: number) => number) => Breach | undefined;
type HistoryRule = (history: History) => readonly Breach[];

const leftNs = ({ demandNs, receivedNs }: KnownRequest) => demandNs - receivedNs;
const runningLeftNs = ({ demandNs, attainedNs }: Running) => demandNs - attainedNs;

/** A request starts only if no waiting one has a smaller key, or has waited longer with an equal key. */
const leastFirst =
  (property: string, key: WaitingKey): StartRule =>
  (request, { waiting }) => {
    const before = waiting.least();
    return before && before !== request
      ? {
          property,
          story:
            `request ${request.id} (${key(request)} ns) was started before request ${before.id} ` +
            `(${key(before)} ns)`,
        }
      : undefined;
  };

/** Plain averages, which the profile also uses for the first 1000 completions of a type. */
const shortestFirst: StartRule = (request, { waiting, means }) => {
  const mean = (type: number) => means.get(type)?.meanNs ?? 0;
  if ([...means.values()].some(({ count }) => count > 1000)) return undefined;
  const shorter = waiting.oldest().find((other) => mean(other.type) < mean(request.type) * (1 - 1e-9));
  return (
    shorter && {
      property: 'shortest job',
      story:
        `request ${request.id} of type ${request.type} (mean ${mean(request.type)} ns) was started before request ` +
        `${shorter.id} of type ${shorter.type} (mean ${mean(shorter.type)} ns)`,
    }
  );
};

const earliestDeadlineFirst: StartRule = (request, { waiting, types }) => {
  // UNKNOWN has no deadline to compare with.
  const deadline = ({ type, arrivedNs }: KnownRequest) => arrivedNs + (types[type]?.deadlineNs ?? Number.NaN);
  if (!types.every(({ deadlineNs }) => deadlineNs !== undefined)) return undefined;
  // Within a type, who arrived first is due first.
  const earlier = waiting.oldest().find((other) => deadline(other) < deadline(request));
  return (
    earlier && {
      property: 'earliest deadline',
      story:
        `request ${request.id} (due at ${deadline(request)} ns) was started before request ${earlier.id} ` +
        `(due at ${deadline(earlier)} ns)`,
    }
  );
};

/** By what a policy chooses among those who wait, by its name; least first. */
export const waitingKeys: Readonly<Record<string, WaitingKey>> = {
  'sjf-oracle': ({ demandNs }) => demandNs,
  srpt: leftNs,
  las: ({ receivedNs }) => receivedNs,
};

/** Who may start while others wait, by the name of the policy. */
export const startRules: Readonly<Record<string, StartRule>> = {
  edf: earliestDeadlineFirst,
  sjf: shortestFirst,
  'sjf-oracle': leastFirst('least demand', waitingKeys['sjf-oracle']!),
  srpt: leastFirst('least remaining', leftNs),
  las: leastFirst('least attained', waitingKeys.las!),
};

/** Rules that hold whenever the scheduler has dispatched and no worker is about to become free. */
export const settledRules: Readonly<Record<string, SettledRule>> = {
  srpt: ({ parameters, waiting, running }) => {
    if (parameters.costNs !== 0) return undefined;
    const most = running().reduce((a, b) => (runningLeftNs(a) > runningLeftNs(b) ? a : b));
    const least = waiting.least()!;
    return runningLeftNs(most) > leftNs(least)
      ? {
          property: 'least remaining',
          story:
            `request ${most.id} runs with ${runningLeftNs(most)} ns left while request ${least.id}, with ` +
            `${leftNs(least)} ns left, waits`,
        }
      : undefined;
  },
  las: ({ parameters, waiting, running }) => {
    const fresh = waiting.least()!;
    if (fresh.receivedNs > 0) return undefined;
    const old = running().find(({ attainedNs }) => attainedNs >= Number(parameters.quantumNs));
    return (
      old && {
        property: 'least attained',
        story: `request ${old.id} still runs after ${old.attainedNs} ns while request ${fresh.id} has not run yet`,
      }
    );
  },
  'darc-ts': ({ parameters, running }, objecting) => {
    const late = running().find(({ worker, ranNs }) => ranNs > Number(parameters.quantumNs) && objecting(worker) > 0);
    return (
      late && {
        property: 'quantum',
        story: `request ${late.id} keeps worker ${late.worker}, for which a shorter group waits`,
      }
    );
  },
};

/**
 * How many waiting requests, up to `most`, want the worker of a running one at the end of its slice. Default: all.
 */
export const objectors: Readonly<
  Record<string, (request: Running, waiting: Pick<WaitingRequests, 'countUpTo'>, most: number) => number>
> = {
  las: ({ attainedNs }, waiting, most) => waiting.countUpTo(attainedNs, most),
  // Who waits for this worker is known only when all is over.
  tq: () => 0,
  'steal-ts': () => 0,
};

/** Policies whose quantum is the least that a request runs for before it can be preempted, not the length of slices. */
export const FREE_SLICES: readonly string[] = ['sept'];

/** The worker each request started on first: the one it was dealt to. */
function dealtTo({ events }: History): Map<number, number> {
  const dealt = new Map<number, number>();
  for (const { what, id, worker } of events) if (what === 'started' && !dealt.has(id)) dealt.set(id, worker!);
  return dealt;
}

/**
 * Plays the history to a judge of arrivals. It sees how many unfinished requests each worker has, and how many quanta
 * they have had.
 */
function judgeDeals(
  history: History,
  judge: (
    dealt: number,
    event: HistoryEvent,
    requests: readonly number[],
    quanta: readonly number[],
  ) => Breach | undefined,
): Breach[] {
  const dealt = dealtTo(history);
  const requests: number[] = new Array(history.workers).fill(0);
  const quanta: number[] = new Array(history.workers).fill(0);
  const quantaOf = new Map<number, number>();
  for (const event of history.events) {
    const { what, id } = event;
    const worker = dealt.get(id)!;
    if (what === 'arrived') {
      const breach = judge(worker, event, requests, quanta);
      if (breach) return [breach];
      requests[worker]!++;
    } else if (what === 'slice ended') {
      quanta[worker]!++;
      quantaOf.set(id, (quantaOf.get(id) ?? 0) + 1);
    } else if (what === 'left') {
      requests[worker]!--;
      quanta[worker]! -= quantaOf.get(id) ?? 0;
    }
  }
  return [];
}

/** A wait and the start that ended it, as places in the history. */
interface Stint {
  readonly id: number;
  readonly enteredAt: number;
  readonly startedAt: number;
  readonly worker: number;
}

function stintsOf({ events }: History): Stint[] {
  const enteredAt = new Map<number, number>();
  const stints: Stint[] = [];
  events.forEach(({ what, id, worker }, at) => {
    if (what === 'started') stints.push({ id, worker: worker!, enteredAt: enteredAt.get(id)!, startedAt: at });
    else if (what === 'arrived' || what === 'preempted') enteredAt.set(id, at);
  });
  return stints;
}

/** Rules that can be judged only at the end, of runs without drops in which every request was served. */
export const historyRules: Readonly<Record<string, HistoryRule>> = {
  po2: (history) =>
    judgeDeals(history, (worker, { id, draws }, requests) => {
      const { workers } = history;
      const one = Math.floor(draws![0]! * workers);
      const step = workers > 1 ? Math.floor(draws![1]! * (workers - 1)) : 0;
      const other = workers > 1 && step >= one ? step + 1 : step;
      const least = Math.min(requests[one]!, requests[other]!);
      return (worker !== one && worker !== other) || requests[worker]! > least
        ? {
            property: 'shorter of two',
            story:
              `request ${id} went to worker ${worker}, but the two to choose from were worker ${one} with ` +
              `${requests[one]} requests and worker ${other} with ${requests[other]}`,
          }
        : undefined;
    }),

  tq: (history) => {
    const unfair = judgeDeals(history, (worker, { id }, requests, quanta) => {
      const weights = requests.map((count, each) => count * 1e6 - quanta[each]!);
      const best = weights.indexOf(Math.min(...weights));
      return worker === best
        ? undefined
        : { property: 'fewest requests', story: `request ${id} went to worker ${worker} instead of ${best}` };
    });
    return [...unfair, ...turnsOutOfOrder(history), ...turnsTooLong(history)];
  },

  jbsq: (history) => {
    // A request that starts later than one which began to wait after it was not in the central queue, which is FIFO: it
    // had been dealt to the worker it started on, at the latest when it was overtaken. No worker can hold more than k -
    // 1 of those.
    // What the dispatcher runs itself goes before those that have run.
    const dealt = stintsOf(history).filter(({ worker }) => worker < history.workers);
    const youngestFirst = dealt.sort((a, b) => b.enteredAt - a.enteredAt);
    const change: { at: number; worker: number; by: number }[] = [];
    let overtakenAt = Number.POSITIVE_INFINITY;
    for (const { worker, startedAt } of youngestFirst) {
      if (overtakenAt < startedAt) change.push({ at: overtakenAt, worker, by: 1 }, { at: startedAt, worker, by: -1 });
      overtakenAt = Math.min(overtakenAt, startedAt);
    }
    const held: number[] = new Array(history.workers).fill(0);
    for (const { at, worker, by } of change.sort((a, b) => a.at - b.at || a.by - b.by)) {
      held[worker]! += by;
      if (held[worker]! > Number(history.parameters.k) - 1)
        return [{ property: 'at most k', story: `${held[worker]} requests waited at worker ${worker} (event ${at})` }];
    }
    return [];
  },

  nudge: ({ events }) => {
    // Requests are numbered in the order of arrival. The order of the starts is 0, 1, 2, … but for pairs of neighbours
    // that have changed places, and no request is in two of those.
    const started = events.filter(({ what }) => what === 'started').map(({ id }) => id);
    for (let at = 0; at < started.length; at++) {
      if (started[at] === at) continue;
      if (started[at] !== at + 1 || started[at + 1] !== at) {
        const story = `request ${at} was passed by others than the next one, or twice: ${started.slice(at, at + 3)}`;
        return [{ property: 'passed at most once', story }];
      }
      at++;
    }
    return [];
  },
};

/**
 * The first request that changed its worker, or had waited longest on it and did not go first.
 */
function turnsOutOfOrder(history: History): Breach[] {
  const property = 'taking turns';
  const dealt = dealtTo(history);
  const lastEntry: number[] = new Array(history.workers).fill(-1);
  for (const { id, worker, enteredAt } of stintsOf(history)) {
    if (worker !== dealt.get(id))
      return [{ property, story: `request ${id} moved from worker ${dealt.get(id)} to ${worker}` }];
    if (enteredAt < lastEntry[worker]!)
      return [{ property, story: `request ${id} waited longest for worker ${worker} and did not go first` }];
    lastEntry[worker] = enteredAt;
  }
  return [];
}

/**
 * The first request that went on after its slice although another one waited for its worker.
 */
function turnsTooLong(history: History): Breach[] {
  const dealt = dealtTo(history);
  const unfinished: number[] = new Array(history.workers).fill(0);
  const overdue = new Set<number>();
  for (const { what, id } of history.events) {
    if (overdue.has(id) && what !== 'preempted')
      return [{ property: 'quantum', story: `request ${id} went on though another one of its worker waited` }];
    overdue.delete(id);
    const worker = dealt.get(id)!;
    if (what === 'arrived') unfinished[worker]!++;
    else if (what === 'left') unfinished[worker]!--;
    else if (what === 'slice ended' && unfinished[worker]! > 1) overdue.add(id);
  }
  return [];
}
