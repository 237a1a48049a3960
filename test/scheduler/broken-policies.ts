import { defaultParameters, definePolicy, type Policy } from '../../src/scheduler/policy.js';
import { policyNamed } from '../../src/scheduler/policy-registry.js';
import { ReservedScheduler } from '../../src/scheduler/reserved-scheduler.js';
import { type Scheduler, type SchedulerSetup, TO_COMPLETION, type World } from '../../src/scheduler/scheduler.js';
import type { SystemCosts } from '../../src/sim/costs.js';

interface Waiting {
  readonly request: number;
  readonly type: number;
  readonly arrivedNs: number;
}

/**
 * A correct scheduler over one plain list, c-FCFS as it stands, with hooks to break it: the control group of the
 * property tests.
 */
class Breakable implements Scheduler {
  protected readonly list: Waiting[] = [];
  protected readonly idle: Set<number>;
  protected arrivals = 0;

  constructor(protected readonly setup: SchedulerSetup) {
    this.idle = new Set(Array.from({ length: setup.workers }, (_, worker) => worker));
  }

  arrive(request: number, type: number, _flow: number): void {
    this.arrivals++;
    this.list.push({ request, type, arrivedNs: this.setup.now[0]! });
  }

  complete(worker: number): void {
    this.idle.add(worker);
  }

  sliceExpired(_worker: number): number {
    return TO_COMPLETION;
  }

  preempted(_worker: number): void {}

  dispatch(): void {
    while (this.list.length > 0 && this.idle.size > 0) {
      const [next] = this.list.splice(this.pick(), 1);
      this.begin(Math.min(...this.idle), next!.request);
    }
  }

  queued(): number {
    return this.list.length;
  }

  /** Index in the list of the request to start. */
  protected pick(): number {
    return 0;
  }

  protected begin(worker: number, request: number): void {
    this.idle.delete(worker);
    this.setup.world.start(worker, request, TO_COMPLETION);
  }
}

class NewestFirst extends Breakable {
  protected override pick(): number {
    return this.list.length - 1;
  }
}

/** Index of the largest value. */
function indexOfMax(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

function broken(
  like: string,
  create: (setup: SchedulerSetup, parameters: Record<string, number>) => Scheduler,
  metadata: Partial<Policy> = {},
): Policy {
  const sound = policyNamed(like);
  return definePolicy({ ...sound, ...metadata, create: create as Policy['create'] });
}

/** A sound scheduler with some of its replies, or of what it is told, changed on the way. */
function meddled(
  like: string,
  change: (setup: SchedulerSetup) => Partial<SchedulerSetup>,
  parameters: Record<string, number> = {},
): Policy {
  return broken(like, (setup, given) => {
    const sound = policyNamed(like);
    return sound.create({ ...setup, ...change(setup) }, { ...given, ...parameters });
  });
}

/** A clairvoyant scheduler that is lied to about demands. */
function misled(like: string, lie: (demandNs: number) => number): Policy {
  return broken(like, (setup, parameters) => {
    const demandNs = new Float64Array(1);
    const scheduler = policyNamed(like).create({ ...setup, demandNs }, parameters);
    const { arrive } = scheduler;
    scheduler.arrive = (...told) => {
      demandNs[0] = lie(setup.demandNs![0]!);
      arrive.apply(scheduler, told);
    };
    return scheduler;
  });
}

/** A scheduler that gives another reply when a slice is over. */
function slices(like: string, answer: number): Policy {
  return broken(like, (setup, parameters) => {
    const scheduler = policyNamed(like).create(setup, parameters);
    scheduler.sliceExpired = () => answer;
    return scheduler;
  });
}

/** A reservation laid out badly: type 0 owns the first half of the workers, the others the second. */
class BrokenReservation extends ReservedScheduler {
  constructor(
    setup: SchedulerSetup,
    mistake: 'longs on short cores' | 'a worker nobody owns' | 'a group without workers',
  ) {
    super(setup, Number.POSITIVE_INFINITY);
    const half = setup.workers >> 1;
    const last = setup.workers - 1;
    this.beginGroups();
    this.addToGroup(0, true);
    if (mistake === 'a group without workers') this.addToGroup(1, true);
    for (let worker = 0; worker < half; worker++) this.own(worker);
    if (mistake !== 'a group without workers') this.addToGroup(1, true);
    for (let worker = half; worker < (mistake === 'a worker nobody owns' ? last : setup.workers); worker++)
      this.own(worker);
    if (mistake === 'longs on short cores') this.share(0);
    this.endGroups();
  }

  override arrive(request: number, type: number, flow: number): void {
    super.arrive(request, type, flow);
    this.setup.world.reserved();
  }

  protected observe(): void {}
}

interface BrokenPolicy {
  readonly what: string;
  readonly property: string;
  readonly policy: Policy;
  /** It is only asked for this in a system with these costs. */
  readonly costs?: Partial<SystemCosts>;
}

/** What is broken, the property that must be found violated, and the policy. Each has two types and four workers. */
export const brokenPolicies: readonly BrokenPolicy[] = [
  {
    what: 'forgets every tenth request',
    property: 'conservation',
    policy: broken(
      'c-fcfs',
      (setup) =>
        new (class extends Breakable {
          override arrive(request: number, type: number, flow: number): void {
            super.arrive(request, type, flow);
            if (this.arrivals % 10 === 0) this.list.pop();
          }
        })(setup),
    ),
  },
  {
    what: 'starts a request that never arrived',
    property: 'conservation',
    policy: broken(
      'c-fcfs',
      (setup) =>
        new (class extends Breakable {
          protected override begin(worker: number, request: number): void {
            super.begin(worker, this.arrivals === 5 ? request + 100 : request);
          }
        })(setup),
    ),
  },
  {
    what: 'gives a busy worker a second request',
    property: 'one at a time',
    policy: broken(
      'c-fcfs',
      (setup) =>
        new (class extends Breakable {
          override dispatch(): void {
            for (const { request } of this.list.splice(0)) this.begin(0, request);
          }
        })(setup),
    ),
  },
  {
    what: 'runs a request on two workers at once',
    property: 'runs once',
    policy: broken(
      'c-fcfs',
      (setup) =>
        new (class extends Breakable {
          protected override begin(worker: number, request: number): void {
            super.begin(worker, request);
            if (this.idle.size > 0) super.begin(Math.min(...this.idle), request);
          }
        })(setup),
    ),
  },
  {
    what: 'serves the newest first',
    property: 'global FIFO',
    policy: broken('c-fcfs', (setup) => new NewestFirst(setup)),
  },
  {
    what: 'serves the newest of a type first',
    property: 'FIFO within a type',
    policy: broken('fixed-priority', (setup) => new NewestFirst(setup)),
  },
  {
    what: 'leaves a worker idle though it says it never does',
    property: 'work conservation',
    policy: broken('c-fcfs', (setup) => {
      const scheduler = new (class extends Breakable {})({ ...setup, workers: setup.workers - 1 });
      return scheduler;
    }),
  },
  {
    what: 'serves the latest deadline first',
    property: 'earliest deadline',
    policy: broken(
      'edf',
      (setup) =>
        new (class extends Breakable {
          protected override pick(): number {
            return indexOfMax(this.list.map(({ type, arrivedNs }) => arrivedNs + setup.types[type]!.deadlineNs!));
          }
        })(setup),
      { fifoWithinType: false },
    ),
  },
  {
    what: 'lets a request be passed by two',
    property: 'passed at most once',
    policy: broken(
      'nudge',
      (setup) =>
        new (class extends Breakable {
          protected override pick(): number {
            return this.list.length > 2 ? 2 : 0;
          }
        })(setup),
      { fifoWithinType: false },
    ),
  },
  {
    what: 'serves the longest type first',
    property: 'shortest job',
    policy: broken(
      'sjf',
      (setup) =>
        new (class extends Breakable {
          protected override pick(): number {
            return indexOfMax(this.list.map(({ type }) => type));
          }
        })(setup),
    ),
  },
  {
    what: 'lets a request run beyond its quantum while others wait',
    property: 'quantum',
    policy: broken(
      'ts',
      (setup, parameters) =>
        new (class extends Breakable {
          protected override begin(worker: number, request: number): void {
            this.idle.delete(worker);
            this.setup.world.start(worker, request, parameters.quantumNs!);
          }
        })(setup),
    ),
  },
  {
    what: 'uses another quantum than the one it was given',
    property: 'quantum',
    policy: broken(
      'ts',
      (setup, parameters) =>
        new (class extends Breakable {
          protected override begin(worker: number, request: number): void {
            this.idle.delete(worker);
            this.setup.world.start(worker, request, parameters.quantumNs! / 2);
          }
        })(setup),
    ),
  },
  {
    what: 'preempts though it says it never does',
    property: 'preemption',
    policy: broken(
      'c-fcfs',
      (setup) =>
        new (class extends Breakable {
          override arrive(request: number, type: number, flow: number): void {
            super.arrive(request, type, flow);
            if (!this.idle.has(0)) this.setup.world.preempt(0);
          }
        })(setup),
    ),
  },
  {
    what: 'lets long requests run on cores reserved for short ones',
    property: 'reserved cores',
    policy: broken('darc-static', (setup) => new BrokenReservation(setup, 'longs on short cores')),
  },
  {
    what: 'reserves no worker for a group and lets it use none',
    property: 'every group is served',
    policy: broken('darc-static', (setup) => {
      const scheduler = new BrokenReservation(setup, 'a group without workers');
      const sound = scheduler.reservation.bind(scheduler);
      // The group's workers exist, but the policy reports a group that has none.
      scheduler.reservation = () => ({ groups: [...sound().groups, { types: [], workers: [], stealable: [] }] });
      return scheduler;
    }),
  },
  {
    what: 'leaves a worker to nobody',
    property: 'every worker is used',
    policy: broken('darc-static', (setup) => new BrokenReservation(setup, 'a worker nobody owns')),
  },
  {
    what: 'serves the longer group first',
    property: 'shorter groups first',
    policy: broken('darc-static', (setup) => {
      const scheduler = new (class extends Breakable {
        reservation = () => ({
          groups: [
            { types: [0], workers: [0], stealable: [1, 2, 3] },
            { types: [1], workers: [1, 2, 3], stealable: [] },
          ],
        });
        override dispatch(): void {
          this.list.sort((a, b) => b.type - a.type);
          for (let i = 0; i < this.list.length; ) {
            const { type, request } = this.list[i]!;
            const worker = [1, 2, 3, ...(type === 0 ? [0] : [])].find((w) => this.idle.has(w));
            if (worker === undefined) i++;
            else {
              this.list.splice(i, 1);
              this.begin(worker, request);
            }
          }
        }
      })(setup);
      return scheduler;
    }),
  },
  {
    what: 'leaves a reserved worker idle while its type waits',
    property: 'reservation used',
    policy: broken('darc-static', (setup) => {
      const scheduler = new (class extends Breakable {
        reservation = () => ({
          groups: [
            { types: [0], workers: [0], stealable: [1, 2, 3] },
            { types: [1], workers: [1, 2, 3], stealable: [] },
          ],
        });
        override dispatch(): void {
          this.idle.delete(0);
          super.dispatch();
        }
      })(setup);
      return scheduler;
    }),
  },
  {
    what: 'takes the longest demand first',
    property: 'least demand',
    policy: misled('sjf-oracle', (demandNs) => 1e6 - demandNs),
  },
  {
    what: 'runs those with the most left',
    property: 'least remaining',
    policy: misled('srpt', (demandNs) => 1e6 - demandNs),
  },
  {
    what: 'never takes a worker from a longer request',
    property: 'least remaining',
    policy: meddled('srpt', () => ({}), { costNs: 1e9 }),
  },
  {
    what: 'serves them in the order of arrival',
    property: 'least attained',
    policy: broken('las', (setup, parameters) => policyNamed('ts').create(setup, { ...parameters, preempt: 'always' })),
  },
  {
    what: 'does not make room for an arrival',
    property: 'least attained',
    policy: meddled('las', ({ world }) => ({ world: { ...world, preempt() {} } })),
  },
  {
    what: 'lets a request run on while one that has attained less waits',
    property: 'quantum',
    policy: slices('las', 1500),
  },
  {
    what: 'shares its workers too generously',
    property: 'shares',
    policy: meddled('ps', ({ workers }) => ({ workers: 2 * workers })),
  },
  {
    what: 'completes a request before it can be done',
    property: 'shares',
    policy: misled('ps', (demandNs) => demandNs - 1),
  },
  {
    what: 'goes to the first of two',
    property: 'shorter of two',
    policy: broken('po2', (setup) => {
      const dealt = policyNamed('d-fcfs').create(setup, { steering: 'random', queue: Number.POSITIVE_INFINITY });
      const { arrive } = dealt;
      dealt.arrive = (...told) => {
        arrive.apply(dealt, told);
        setup.random();
      };
      return dealt;
    }),
  },
  {
    what: 'holds three at a worker instead of two',
    property: 'at most k',
    policy: meddled('jbsq', () => ({}), { k: 3 }),
  },
  {
    what: 'deals in turns',
    property: 'fewest requests',
    policy: broken('tq', (setup, parameters) => {
      const { queue } = parameters;
      return policyNamed('d-fcfs').create(setup, { steering: 'round-robin', queue: queue! });
    }),
  },
  {
    what: 'lets a request move to another worker',
    property: 'taking turns',
    policy: broken('tq', (setup, parameters) => policyNamed('ts').create(setup, { ...parameters, preempt: 'always' })),
  },
  {
    what: 'lets a request run on while another of its worker waits',
    property: 'quantum',
    policy: slices('tq', 1500),
  },
  {
    what: 'keeps the worker of a long request while shorts press',
    property: 'quantum',
    policy: broken(
      'darc-ts',
      (setup, parameters) => {
        // The referee gives the truth only to a policy that says that it asks for it.
        const trueProfile = { meanNs: [1000, 3000], ratio: [0.5, 0.5] };
        const given = { ...parameters, oracle: 1, backlog: 1000 };
        return policyNamed('darc-ts').create({ ...setup, trueProfile }, given);
      },
      {
        parameters: policyNamed('darc-ts').parameters.map((spec) =>
          spec.key === 'backlog' ? { ...spec, default: 0 } : spec,
        ),
      },
    ),
  },
  {
    what: 'gives the dispatcher a request for a slice',
    property: 'dispatcher',
    costs: { pollNs: 1000 },
    policy: meddled(
      'jbsq',
      ({ world, workers }) => {
        const start: World['start'] = (worker, request, sliceNs) =>
          world.start(worker, request, worker === workers ? 1000 : sliceNs);
        return { world: { ...world, start } };
      },
      { k: 1 },
    ),
  },
  {
    what: 'gives the dispatcher a request that has run before',
    property: 'dispatcher',
    costs: { pollNs: 1000 },
    policy: broken('jbsq', (setup, parameters) => {
      const scheduler = policyNamed('jbsq').create(setup, { ...parameters, k: 1 });
      const { dispatcherIdles } = scheduler;
      scheduler.dispatcherIdles = () => {
        // The queue of those that were preempted follows that of the others.
        dispatcherIdles!.call(Object.assign(scheduler, { fresh: setup.workers + 1 }));
        Object.assign(scheduler, { fresh: setup.workers });
      };
      return scheduler;
    }),
  },
  {
    what: 'starts a request on a parked worker',
    property: 'parked',
    costs: { parkNs: 100, wakeNs: 100 },
    policy: broken('d-fcfs-steal', (setup, parameters) => {
      const given = { ...defaultParameters(policyNamed('d-fcfs-steal')), ...parameters };
      return Object.assign(policyNamed('d-fcfs-steal').create(setup, given), { parks() {} });
    }),
  },
];
