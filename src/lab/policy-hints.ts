/** What the editor offers: the members of the scheduler interface, as src/scheduler/scheduler.ts explains them. */

export interface Hint {
  readonly label: string;
  /** Its type, in short. */
  readonly detail: string;
  readonly info?: string;
}

/** By the name before the dot; `scheduler`: the methods that a policy has. */
export const HINTS: ReadonlyMap<string, readonly Hint[]> = new Map([
  [
    'scheduler',
    [
      {
        label: 'arrive',
        detail: '(request, type, flow): void',
        info: 'A request entered: queue it. Start nothing yet.',
      },
      { label: 'complete', detail: '(worker): void', info: 'The request on this worker is done: the worker is free.' },
      { label: 'dispatch', detail: '(): void', info: 'Start what can be started now.' },
      { label: 'queued', detail: '(): number', info: 'How many requests wait, without those on workers.' },
      {
        label: 'sliceExpired',
        detail: '(worker): number',
        info: 'The slice is used up: return PREEMPT, another slice in ns, or TO_COMPLETION.',
      },
      { label: 'preempted', detail: '(worker): void', info: 'The request was taken off, unfinished: queue it again.' },
      { label: 'reservation', detail: '(): Reservation', info: 'Which workers each group of types owns.' },
    ],
  ],
  [
    'setup',
    [
      { label: 'workers', detail: 'number' },
      { label: 'types', detail: 'TypeInfo[]', info: 'One past the last index means UNKNOWN.' },
      { label: 'world', detail: 'World', info: 'What you call to act.' },
      { label: 'now', detail: 'Float64Array', info: 'now[0]: the time of this event, ns.' },
      { label: 'random', detail: '(): number', info: 'Uniform on [0, 1), the same for the same seed.' },
      { label: 'trueProfile', detail: 'TrueProfile | undefined', info: 'The truth about the workload, for oracles.' },
    ],
  ],
  [
    'world',
    [
      { label: 'start', detail: '(worker, request, sliceNs): void', info: 'Run the request on the free worker.' },
      { label: 'preempt', detail: '(worker): void', info: 'Ask the worker to give up its request.' },
      { label: 'drop', detail: '(request, reason): void', info: 'Refuse the request; it is counted.' },
      { label: 'reserved', detail: '(): void', info: 'The reservation has changed.' },
    ],
  ],
  [
    'queues',
    [
      { label: 'push', detail: '(queue, request): void' },
      { label: 'shift', detail: '(queue): number', info: 'Takes the first request out.' },
      { label: 'length', detail: 'Int32Array', info: 'length[queue]: how many wait there.' },
    ],
  ],
  [
    'idle',
    [
      { label: 'add', detail: '(worker): void' },
      { label: 'delete', detail: '(worker): void' },
      { label: 'lowest', detail: '(): number', info: '-1 when the set is empty.' },
      { label: 'lowestIn', detail: '(set): number', info: 'The lowest worker that is in both sets.' },
    ],
  ],
]);
