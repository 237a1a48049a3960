/** Messages of what the command line shares with programs name its options; here they name arguments. */

import { InputError } from '../units/errors.js';

/** Arguments by the options that stand for them. */
const ARGUMENTS: ReadonlyMap<string, string> = new Map([
  ...[
    ...['workload', 'workers', 'load', 'requests', 'seed', 'warmup', 'replications', 'precision'],
    ...['find', 'tolerance', 'unpaired', 'dilate', 'poll', 'out', 'runs', 'case'],
  ].map((name) => [name, name] as const),
  ['policy', 'policies'],
  ['system', 'systems'],
  ['rate', 'rateRps'],
  ['rate-scale', 'rateScale'],
  ['duration', 'durationNs'],
  ['slice', 'sliceNs'],
  ['max-replications', 'maxReplications'],
  ['slo', 'slos'],
]);

/** Waits for what a program has asked for; an InputError then names arguments, not options. */
export async function namingArguments<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw inArguments(error);
  }
}

/** The error with the names of arguments in place of options. */
export function inArguments(error: unknown): unknown {
  if (!(error instanceof InputError)) return error;
  const message = error.message.replace(/--([a-z]+(?:-[a-z]+)*)/g, (text, name: string) => ARGUMENTS.get(name) ?? text);
  return message === error.message ? error : new InputError(message, error.inRun);
}
