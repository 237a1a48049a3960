/** The files that `psp new policy` writes: a policy to begin with, and its test. */

const POLICY = `/**
 * POLICY_TITLE: keeps some workers for the type whose requests are shortest.
 *
 * Change what it does in dispatch(), then say here what that is, and which paper it is from.
 */

import {
  definePolicy,
  InputError,
  NonPreemptiveScheduler,
  Queues,
  type SchedulerSetup,
  ServiceProfile,
  TO_COMPLETION,
  WorkerSet,
} from 'psp/policy';

/**
 * It is told what happens, in the order in which it happens, and acts through setup.world. After the constructor it
 * allocates nothing per request: no objects, arrays, closures or strings.
 */
class CLASS_NAME extends NonPreemptiveScheduler {
  /** One queue per type. The last is of the type UNKNOWN, which the classifier gives to what it does not recognise. */
  private readonly queues: Queues;
  private waiting = 0;
  private readonly idle: WorkerSet;
  /** The workers that are for all types. */
  private readonly common: WorkerSet;
  /** The mean service time of each type, as it is learnt from the completions. */
  private readonly profile: ServiceProfile;
  private readonly typeOn: Int32Array;
  private readonly startedNs: Float64Array;

  constructor(
    private readonly setup: SchedulerSetup,
    keep: number,
  ) {
    super();
    const { workers, types } = setup;
    if (keep >= workers) throw new InputError(\`keep: expected fewer than the \${workers} workers, found \${keep}\`);
    this.queues = new Queues(types.length + 1);
    this.idle = new WorkerSet(workers);
    this.idle.addRange(0, workers);
    this.common = new WorkerSet(workers);
    this.common.addRange(keep, workers);
    this.profile = new ServiceProfile(types.length + 1);
    this.typeOn = new Int32Array(workers);
    this.startedNs = new Float64Array(workers);
  }

  /** A request came. It waits: nothing is started before dispatch(). */
  arrive(request: number, type: number, _flow: number): void {
    this.queues.push(type, request);
    this.waiting++;
  }

  /** The request on this worker is done. */
  complete(worker: number): void {
    this.idle.add(worker);
    this.profile.observe(this.typeOn[worker]!, this.setup.now[0]! - this.startedNs[worker]!);
  }

  /** Starts what can be started now, the type with the shortest requests first. */
  dispatch(): void {
    const { order, meanNs } = this.profile;
    let mayUseAll = true;
    for (let i = 0; i < order.length && this.waiting > 0; i++) {
      const type = order[i]!;
      while (this.queues.length[type]! > 0) {
        const worker = mayUseAll ? this.idle.lowest() : this.idle.lowestIn(this.common);
        if (worker < 0) break;
        this.start(worker, type);
      }
      // Types of which nothing has completed yet come first: they may be short.
      if (meanNs[type]! > 0) mayUseAll = false;
    }
  }

  /** How many requests wait. */
  queued(): number {
    return this.waiting;
  }

  private start(worker: number, type: number): void {
    this.idle.delete(worker);
    this.waiting--;
    this.typeOn[worker] = type;
    this.startedNs[worker] = this.setup.now[0]!;
    this.setup.world.start(worker, this.queues.shift(type), TO_COMPLETION);
  }
}

// What it says of itself are promises: psp check holds it to them.
export default definePolicy<{ keep: number }>({
  name: 'POLICY_NAME',
  title: 'POLICY_TITLE',
  summary: 'keeps some workers for the type whose requests are shortest',
  reference: 'of my own',
  needsTypes: true,
  needsFlows: false,
  preemptive: false,
  workConserving: false,
  clairvoyant: false,
  fifoWithinType: true,
  queues: 'central',
  parameters: [{ key: 'keep', kind: 'integer', default: 1, min: 0, help: 'workers kept for the shortest type' }],
  create: (setup, { keep }) => new CLASS_NAME(setup, keep),
});
`;

const TEST = `// To run: node --test POLICY_NAME.test.mjs

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const FILE = './POLICY_NAME.ts';

/** What a command of psp prints; fails with what it complains of. */
function psp(...args) {
  const { status, stdout, stderr } = spawnSync('npx', ['psp', ...args], { cwd: import.meta.dirname, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

test('keeps its promises on random workloads', () => {
  assert.match(psp('check', FILE), /keeps its promises/);
});

test('serves short requests sooner than c-fcfs', () => {
  const json = psp('sim', '--workload', 'bimodal', '--requests', '200k', '--policy', FILE + ',c-fcfs', '--json', '-');
  const [own, other] = JSON.parse(json).map(({ types }) => types[0].slowdown.p99_9);
  assert.ok(own < other, \`p99.9 slowdown of \${own} and \${other}\`);
});
`;

/** Their texts by their names. */
export function newPolicyFiles(name: string): Readonly<Record<string, string>> {
  const className = name.replace(/(^|-)(.)/g, (_, _dash, letter: string) => letter.toUpperCase());
  const title = name.replace(/-/g, ' ').replace(/^./, (letter) => letter.toUpperCase());
  const fill = (text: string) =>
    text.replaceAll('CLASS_NAME', className).replaceAll('POLICY_TITLE', title).replaceAll('POLICY_NAME', name);
  return { [`${name}.ts`]: fill(POLICY), [`${name}.test.mjs`]: fill(TEST) };
}
