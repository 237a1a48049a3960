/** The guided tour: seven states, each with a paragraph and one thing to do. */

import type { LabState } from './lab-state.js';

export interface TourStep {
  readonly title: string;
  readonly text: string;
  /** What to do, as a sentence. */
  readonly task: string;
  /** What a button does for those who would rather watch; `worst` jumps to the worst wait of a type. */
  readonly state: Partial<LabState>;
  readonly act:
    | { readonly label: string; readonly change: Partial<LabState> }
    | { readonly label: string; readonly worst: string };
}

const BIMODAL = {
  workload: 'bimodal',
  yaml: '',
  system: '',
  seed: '1',
  requests: 200_000,
  fromNs: 0,
  forNs: 0,
} as const;

export const TOUR: readonly TourStep[] = [
  {
    title: 'A short request behind a long one',
    text:
      'Fourteen workers serve two types of requests: SHORT takes 1us, LONG a hundred times as long. Each row is a ' +
      'worker, each bar a request. Above, c-fcfs gives every free worker the request that came first, and never ' +
      'leaves a worker idle while something waits. Still a SHORT can wait a hundred times its own length, because ' +
      'all workers are busy with LONG. Slowdown says how much: time in the system over service time.',
    task: 'Look at the SHORT that waited longest under c-fcfs. What it waited behind is lit up.',
    state: { ...BIMODAL, policies: ['c-fcfs', 'darc'], load: 0.8, workers: 14 },
    act: { label: 'Jump to the worst SHORT wait', worst: 'SHORT' },
  },
  {
    title: 'More workers do not help enough',
    text:
      'Here are twice as many workers at nearly the same rate of requests, so half of them are idle most of the ' +
      'time. The worst SHORT waits less, but doubling a machine to help requests that need 1 % of its work is a ' +
      'high price, and the lines do cross again as the load grows.',
    task: 'Add load again with the slider, and watch the p99.9 slowdown of SHORT return.',
    state: { ...BIMODAL, policies: ['c-fcfs', 'darc'], load: 0.42, workers: 28 },
    act: { label: 'Set the load to 0.8', change: { load: 0.8 } },
  },
  {
    title: 'Reserve one worker, and watch it idle',
    text:
      'DARC keeps workers for the short type: the hatched row. No LONG may run there. It is idle nearly all the ' +
      'time, and that is the point: the next SHORT finds it free. All SHORT together fill only a tenth of one ' +
      'worker, yet their p99.9 slowdown falls from about a hundred to about one.',
    task: 'Play, and watch the reserved row: it waits so that SHORT does not have to.',
    state: { ...BIMODAL, policies: ['c-fcfs', 'darc'], load: 0.8, workers: 14 },
    act: { label: 'Jump to the worst LONG wait', worst: 'LONG' },
  },
  {
    title: 'Reserve too many',
    text:
      'Idling is a price, and LONG pays it. Here darc-static keeps three workers for SHORT. One was enough: SHORT ' +
      'gains nothing, while LONG has only eleven workers left and its queue grows. How many to reserve follows ' +
      'from the demand of the types, which DARC measures.',
    task: 'Change reserved of the second policy from 3 to 1, and compare the LONG row of the table.',
    state: { ...BIMODAL, policies: ['darc', 'darc-static:reserved=3'], load: 0.8, workers: 14 },
    act: { label: 'Reserve 1', change: { policies: ['darc', 'darc-static:reserved=1'] } },
  },
  {
    title: 'At a load of 0.94 DARC breaks',
    text:
      'LONG brings 99 % of the work. With one of fourteen workers reserved, thirteen are left for it: 0.93 of the ' +
      'machine. Beyond that load the queue of LONG grows without end under DARC, while c-fcfs still keeps up. The ' +
      'table says unstable, and the chart against load shows crosses.',
    task: 'Go back to a load of 0.9 and see how close to the edge it was.',
    state: { ...BIMODAL, policies: ['c-fcfs', 'darc'], load: 0.94, workers: 14 },
    act: { label: 'Set the load to 0.9', change: { load: 0.9 } },
  },
  {
    title: 'Time sharing, and what a preemption costs',
    text:
      'Another way: ts takes a request off its worker after a quantum of 5us, so no SHORT waits behind a whole ' +
      'LONG. The slanted cuts are preemptions; the request resumes later. Each costs 1us of worker time here, the ' +
      'dark slivers. A LONG is cut nineteen times, and the workers spend their time on cutting.',
    task: 'Set cost to 0ns: that is time sharing on an ideal machine. No real one is.',
    state: { ...BIMODAL, policies: ['darc', 'ts:quantum=5us'], load: 0.7, workers: 14 },
    act: { label: 'Make preemptions free', change: { policies: ['darc', 'ts:quantum=5us:cost=0ns'] } },
  },
  {
    title: 'sept, and now you',
    text:
      'sept is a policy of this project: it learns how long each type takes, serves the type with the shortest ' +
      'expected time first, and takes a request off its worker only where that pays. Compare it with DARC, near ' +
      'the load where DARC breaks. Then it is your turn: every control is free now, and below is an editor in ' +
      'which a policy of your own runs against any other.',
    task: 'Open the sandbox, choose mine as the second policy, and change what it does.',
    state: { ...BIMODAL, policies: ['darc', 'sept'], load: 0.9, workers: 14 },
    act: { label: 'Run the policy of the editor', change: { policies: ['darc', './mine.ts'], step: 0 } },
  },
];
