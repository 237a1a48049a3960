/** The guided tour: seven states, each with a paragraph and one thing to do. */

import type { LabState } from './lab-state.js';

export interface TourStep {
  readonly title: string;
  readonly text: string;
  /** What to do, as a sentence. */
  readonly task: string;
  readonly state: Partial<LabState>;
  /** What a button does for those who would rather watch. */
  readonly act: { readonly label: string } & (
    | { readonly change: Partial<LabState> }
    /** Jumps to the worst wait of a type under the policy of this index. */
    | { readonly worst: string; readonly index: number }
    | { readonly play: true }
  );
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
      'Fourteen workers serve two types of requests: SHORT takes 1us, LONG 100us. Each row is a worker, each bar a ' +
      'request, and time runs to the right. Above, c-fcfs gives each free worker the request that came first, and ' +
      'never leaves a worker idle while a request waits. Still some SHORT wait more than eighty times their own ' +
      'length, because LONG keeps all workers busy. Slowdown is the time in the system over the service time; one ' +
      'request in a thousand is worse than its p99.9.',
    task: 'Look at the SHORT that waited longest under c-fcfs. What it waited behind is lit up.',
    state: { ...BIMODAL, policies: ['c-fcfs', 'darc'], load: 0.8, workers: 14 },
    act: { label: 'Jump to the worst SHORT wait', worst: 'SHORT', index: 0 },
  },
  {
    title: 'More workers do not help enough',
    text:
      'Twice as many workers at the same rate of requests: more than half of them are idle, and hardly any SHORT ' +
      'waits. But it is a high price to double a machine for requests that bring 1 % of its work, and it does not ' +
      'last. As the load grows, all workers are busy with LONG again.',
    task: 'Set the load back to 0.8. SHORT waits half as long as with fourteen workers, which is still long.',
    state: { ...BIMODAL, policies: ['c-fcfs', 'darc'], load: 0.4, workers: 28 },
    act: { label: 'Set the load to 0.8', change: { load: 0.8 } },
  },
  {
    title: 'Reserve one worker, and watch it idle',
    text:
      'Fourteen workers again. Below, DARC keeps worker 0, the hatched row, for SHORT: no LONG may run there. It is ' +
      'idle nine tenths of the time, and that is the point: the next SHORT finds it free. The p99.9 slowdown of ' +
      'SHORT falls from about a hundred to less than three, and that of LONG grows by about a quarter.',
    task: 'Play, and watch the hatched row: it waits so that SHORT does not have to.',
    state: { ...BIMODAL, policies: ['c-fcfs', 'darc'], load: 0.8, workers: 14 },
    act: { label: 'Play this', play: true },
  },
  {
    title: 'Reserve too many',
    text:
      'Idling is a price, and LONG pays it. Below, darc-static keeps two workers for SHORT. One was enough: the ' +
      'second makes SHORT only a little faster, while LONG, which needs eleven workers, has twelve left and waits ' +
      'more than twice as long. How many to reserve follows from the demand of the types, which DARC measures.',
    task: 'Set reserved of the policy below to 3. LONG has too few workers left, and its queue grows without end.',
    state: { ...BIMODAL, policies: ['darc', 'darc-static:reserved=2'], load: 0.8, workers: 14 },
    act: { label: 'Reserve 3', change: { policies: ['darc', 'darc-static:reserved=3'] } },
  },
  {
    title: 'At a load of 0.94 DARC breaks',
    text:
      'LONG brings 99 % of the work. With one of fourteen workers reserved, thirteen are left for it: 0.93 of the ' +
      'machine. Beyond that load the queue of LONG grows without end under DARC, while c-fcfs still keeps up. The ' +
      'table says unstable, and crosses in the charts mark such loads.',
    task: 'Go back to a load of 0.9: DARC keeps up, but LONG waits two to three times as long as under c-fcfs.',
    state: { ...BIMODAL, policies: ['c-fcfs', 'darc'], load: 0.94, workers: 14 },
    act: { label: 'Set the load to 0.9', change: { load: 0.9 } },
  },
  {
    title: 'Time sharing, and what a preemption costs',
    text:
      'Another way: ts takes a request off its worker after a quantum of 5us, so that no SHORT waits behind a whole ' +
      'LONG. The slanted cuts are preemptions; the request goes on later. Each costs 1us of worker time, the grey ' +
      'slivers. A LONG is cut nineteen times, and the workers lose about an eighth of their time.',
    task: 'Set cost to 0ns: preemptions are free, as on no real machine. SHORT waits less than half as long.',
    state: { ...BIMODAL, policies: ['darc', 'ts:quantum=5us'], load: 0.7, workers: 14, forNs: 150_000 },
    act: { label: 'Make preemptions free', change: { policies: ['darc', 'ts:quantum=5us:cost=0ns'] } },
  },
  {
    title: 'sept, and now you',
    text:
      'sept is a policy of this project: it learns how long each type takes, gives short types short deadlines, ' +
      'serves the earliest deadline first, and takes a request off its worker only for a much shorter one. Near the ' +
      'load where DARC breaks, LONG waits less under sept, and SHORT a little more. Now it is your turn: every ' +
      'control is free, and below is an editor in which a policy of your own runs against any other.',
    task: 'Run the policy of the editor below DARC, and change what it does.',
    state: { ...BIMODAL, policies: ['darc', 'sept'], load: 0.9, workers: 14 },
    act: { label: 'Run the policy of the editor', change: { policies: ['darc', './mine.ts'], step: 0 } },
  },
];
