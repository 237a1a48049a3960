/** What happened to a request, in words. */

import { formatSlowdown } from '../report/text/numbers.js';
import { formatDuration } from '../units/duration.js';
import { blockersOf, type Recording, slowdownOf, stretchesOf, waitOf } from './recording.js';

/** `273.12ms`: as many digits as the step needs. */
export function timeLabel(ns: number, stepNs: number): string {
  const [unit, name] = ns < 1e6 && stepNs < 1e5 ? [1e3, 'us'] : ns < 10e9 ? [1e6, 'ms'] : [1e9, 's'];
  const digits = Math.max(0, -Math.floor(Math.log10(stepNs / unit) + 1e-9));
  return `${(ns / unit).toFixed(digits)}${name}`;
}

/** Blockers that are named; the others are counted. */
const MOST_NAMED = 3;

/** When it came, what it waited behind, and its slowdown. */
export function storyOf(recording: Recording, request: number): string {
  const { typeNames, type, arrivalNs, serviceNs, doneNs, runs } = recording;
  const nameOf = (number: number) => `${typeNames[type[number]!]!} ${number}`;
  const isDone = !Number.isNaN(doneNs[request]!);
  const own = stretchesOf(recording, request);
  const worker = runs.worker[own.at(-1) ?? -1];
  const parts = [
    `${nameOf(request)} came at ${timeLabel(arrivalNs[request]!, 1e3)}`,
    isDone ? waitText() : 'is not done within this recording',
    `needs ${formatDuration(serviceNs[request]!)} of service`,
    ...(worker === undefined
      ? []
      : [`${own.length > 1 ? `ran in ${own.length} parts, at last` : 'ran'} on worker ${worker}`]),
  ];
  return `${parts.join(', ')}.${isDone ? ` Slowdown ${formatSlowdown(slowdownOf(recording, request))}.` : ''}`;

  function waitText(): string {
    const waitedNs = waitOf(recording, request);
    if (waitedNs < 1) return 'did not wait';
    const blockers = [...new Set(blockersOf(recording, request).map((i) => runs.request[i]!))];
    const more = blockers.length - MOST_NAMED;
    const behind = `${blockers.slice(0, MOST_NAMED).map(nameOf).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    return `waited ${formatDuration(waitedNs)}${blockers.length > 0 ? ` behind ${behind}` : ''}`;
  }
}
