/** What the laboratory shows, its address, and the command that gives the same. */

import { MOST_LOAD } from '../experiment/plan/limits.js';
import { DEFAULTS } from '../experiment/plan/run-settings.js';
import { commandOf } from '../experiment/sweep/command-of.js';

/** Everything that a person can choose. Plain data. */
export interface LabState {
  /** Name of a workload that comes with psp. */
  readonly workload: string;
  /** The text of its file, once it was changed; empty: as it comes. */
  readonly yaml: string;
  /** As typed. The two are compared on the same requests. */
  readonly policies: readonly [string, string];
  /** Name of the system whose costs both have; empty: none. */
  readonly system: string;
  readonly load: number;
  readonly workers: number;
  readonly seed: string;
  readonly requests: number;
  /** The policy of the editor, which {@link MINE} names; empty: the template. */
  readonly code: string;
  /** Step of the tour, from 1; 0: the sandbox. */
  readonly step: number;
  /** What the timelines show, ns of simulated time; 0 and 0: what was recorded first. */
  readonly fromNs: number;
  readonly forNs: number;
}

/** How the policy of the editor is named, as on the command line. */
export const MINE = './mine.ts';

/** More would keep a page waiting. */
export const MOST_REQUESTS = 5_000_000;

export const FIRST_STATE: LabState = {
  workload: 'bimodal',
  yaml: '',
  policies: ['c-fcfs', 'darc'],
  system: '',
  load: DEFAULTS.load,
  workers: DEFAULTS.workers,
  seed: DEFAULTS.seed,
  requests: 200_000,
  code: '',
  step: 1,
  fromNs: 0,
  forNs: 0,
};

/** More rows could not be told apart. */
export const MOST_LAB_WORKERS = 256;

/** The state as the fragment of an address; what is as in {@link FIRST_STATE} is left out. */
export function fragmentOf(state: LabState): string {
  const fields = new URLSearchParams();
  for (const [key, first] of Object.entries(FIRST_STATE)) {
    const value = state[key as keyof LabState];
    if (key === 'policies') {
      for (const policy of state.policies) fields.append('policy', policy);
    } else if (value !== first) fields.set(key, String(value));
  }
  return fields.toString();
}

type Numeric = { [K in keyof LabState]: LabState[K] extends number ? K : never }[keyof LabState];

const NUMBERS: Readonly<Record<Numeric, { from: number; to: number; whole: boolean }>> = {
  load: { from: 0.01, to: MOST_LOAD, whole: false },
  workers: { from: 1, to: MOST_LAB_WORKERS, whole: true },
  requests: { from: 1000, to: MOST_REQUESTS, whole: true },
  step: { from: 0, to: 7, whole: true },
  fromNs: { from: 0, to: Number.MAX_SAFE_INTEGER, whole: false },
  forNs: { from: 0, to: Number.MAX_SAFE_INTEGER, whole: false },
};

/** Is this a value that the number of this name may have? */
export function fits(name: Numeric, value: number): boolean {
  const { from, to, whole } = NUMBERS[name];
  return value >= from && value <= to && (!whole || Number.isInteger(value));
}

/** The state of a fragment. What it does not say, or says wrongly, is as in {@link FIRST_STATE}. */
export function stateOf(fragment: string): LabState {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const text = (name: 'workload' | 'yaml' | 'system' | 'seed' | 'code') => given.get(name) ?? FIRST_STATE[name];
  const number = (name: Numeric) => {
    const value = Number(given.get(name) ?? Number.NaN);
    return fits(name, value) ? value : FIRST_STATE[name];
  };
  const [first, second] = given.getAll('policy');
  return {
    workload: text('workload'),
    yaml: text('yaml'),
    policies: [first || FIRST_STATE.policies[0], second || FIRST_STATE.policies[1]],
    system: text('system'),
    load: number('load'),
    workers: number('workers'),
    seed: text('seed') || FIRST_STATE.seed,
    requests: number('requests'),
    code: text('code'),
    step: number('step'),
    fromNs: number('fromNs'),
    forNs: number('forNs'),
  };
}

/** What the result depends on: another picture of the same run has the same. */
export function runKey({ step: _, fromNs: __, forNs: ___, ...run }: LabState): string {
  return JSON.stringify(run);
}

/** Does the state use the policy of the editor? */
export function usesMine({ policies }: LabState): boolean {
  return policies.some(isMine);
}

export function isMine(policy: string): boolean {
  return policy === MINE || policy.startsWith(`${MINE}:`);
}

/** The command of psp that gives the same digests. */
export function labCommand(state: LabState, replications: number): string {
  const { workload, yaml, policies, system, load, workers, seed, requests } = state;
  return commandOf({
    workload: yaml === '' ? workload : `./${workload}.yaml`,
    policies: [...new Set(policies)],
    ...(system !== '' && { systems: [system] }),
    workers,
    load,
    requests,
    seed,
    ...(replications > 1 && { replications }),
  });
}
