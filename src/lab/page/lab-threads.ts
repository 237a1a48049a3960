import type { LabAnswers, LabFailure, LabTask } from '../lab-tasks.js';
import type { Answer } from './lab-worker.js';

/** A task that could not be done; `message` says why in words. */
export class LabError extends Error {
  override readonly name = 'LabError';
  constructor(readonly failure: LabFailure) {
    super(failure.message);
  }
}

/** A task that was given up, because something else is wanted now. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

export interface LabThreads {
  readonly cores: number;
  /** Does a task as soon as a worker is free. @throws LabError, GivenUp */
  ask<T extends LabTask>(task: T): Promise<LabAnswers[T['task']]>;
  /** Gives up all tasks: those that wait, and those that run. */
  giveUp(): void;
}

interface Job {
  readonly task: LabTask;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** A policy of the editor that takes longer has an endless loop. */
const MOST_MS = { record: 8000, seek: 10_000, measure: 20_000 } as const;

/** Web workers, each made when it is needed first. */
export function createLabThreads(cores: number, address: string): LabThreads {
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  /** What runs, and how to end it. */
  const running = new Map<Worker, (reason: Error) => void>();

  function begin(job: Job): void {
    const worker = idle.pop() ?? new Worker(address);
    const finish = (settle: () => void, isUsable: boolean) => {
      clearTimeout(timer);
      running.delete(worker);
      worker.onmessage = null;
      worker.onerror = null;
      if (isUsable) idle.push(worker);
      else worker.terminate();
      settle();
      while (waiting.length > 0 && running.size < cores) begin(waiting.shift()!);
    };
    const end = (reason: Error) => finish(() => job.reject(reason), false);
    const limit = MOST_MS[job.task.task];
    const timer = setTimeout(() => end(tooLong(limit)), job.task.run.code === '' ? 2 ** 31 - 1 : limit);
    running.set(worker, end);
    worker.onmessage = ({ data: { answer, failed } }: MessageEvent<Answer>) =>
      finish(() => (failed ? job.reject(new LabError(failed)) : job.resolve(answer as never)), true);
    worker.onerror = ({ message }) => end(new LabError({ message, isInput: false }));
    worker.postMessage(job.task);
  }

  return {
    cores,
    ask: (task) =>
      new Promise((resolve, reject) => {
        const job: Job = { task, resolve, reject };
        if (running.size < cores) begin(job);
        else waiting.push(job);
      }),
    giveUp() {
      for (const { reject } of waiting.splice(0)) reject(new GivenUp());
      for (const end of [...running.values()]) end(new GivenUp());
    },
  };
}

function tooLong(ms: number): LabError {
  const message =
    `the policy did not come to an end within ${ms / 1000} s, and was ended: ` +
    'look for an endless loop, often in dispatch()';
  return new LabError({ message, isInput: false });
}
