import { CommanderError } from 'commander';
import { policyFault } from '../policy-files/policy-faults.js';
import { WIDTH } from '../report/text/style.js';
import { wrap } from '../report/text/table.js';
import type { Result } from '../results/result.js';
import { policyLabel } from '../scheduler/policy-label.js';
import { EnvironmentError, InputError } from '../units/errors.js';
import { overloadWarning } from '../units/load.js';
import { visible, visibleLines } from '../units/names.js';
import { clearProgress } from './progress.js';
import { SETTINGS } from './settings.js';
import { withSourcePlaces } from './source-places.js';

export const EXIT = {
  ok: 0,
  /** It ran, but the answer is no. */
  no: 1,
  /** Wrong usage or input. */
  usage: 2,
  /** The machine cannot do it. */
  environment: 3,
  interrupted: 130,
} as const;

/**
 * Says on stderr what went wrong, one line per mistake, and returns the exit code.
 *
 * @throws what was thrown, when no more files can be opened
 */
export function reportFailure(thrown: unknown): number {
  const error = policyFault(thrown) ?? thrown;
  if (error instanceof CommanderError) return reportUsage(error);
  if (error instanceof InputError) {
    complain(error.message);
    return error.inRun ? EXIT.no : EXIT.usage;
  }
  if (error instanceof EnvironmentError) {
    complain(error.message);
    return EXIT.environment;
  }
  // Then nothing more can be loaded, and src/cli/main.ts says so.
  if (['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException)?.code ?? '')) throw error;
  complain('this is a bug in psp; please report it:');
  process.stderr.write(`${visibleLines(error instanceof Error ? withSourcePlaces(error.stack!) : String(error))}\n`);
  return EXIT.environment;
}

/** Says which runs have no result, because requests never came out of them. Returns the exit code. */
export function reportOutcomes(
  results: readonly Result[],
  nameOf: (result: Result, i: number) => string = policyLabel,
): number {
  let code: number = EXIT.ok;
  results.forEach((result, i) => {
    const { outcome, reason } = result;
    if (outcome !== 'failed' && outcome !== 'lost') return;
    complain(`${outcome}: ${nameOf(result, i)}: ${reason}`);
    code = EXIT.no;
  });
  return code;
}

/** Writes each line of the message to stderr as `psp: …`. On a terminal, long lines are broken between words. */
export function complain(message: string): void {
  clearProgress();
  const width = process.stderr.isTTY ? process.stderr.columns || WIDTH : Number.POSITIVE_INFINITY;
  for (const line of message.split('\n'))
    process.stderr.write(`${wrap(`psp: ${visible(line)}`, width, '  ').join('\n')}\n`);
}

/** Writes each note once: how a workload is played if that differs from its file. */
export function tellNotes(notes: readonly string[]): void {
  for (const note of new Set(notes)) complain(`note: ${note}`);
}

/** Says before a run that its load cannot be carried. */
export function warnOfOverload(load: number, asRecorded = false): void {
  const warning = overloadWarning(load, asRecorded);
  if (warning !== undefined) complain(`warning: ${warning}`);
}

/** What commander says, and how psp says it. */
const REWORDED: readonly (readonly [RegExp, string])[] = [
  [/^error: /, ''],
  // 'unknown option '--laod'\n(Did you mean --load?)'
  [/\n\(Did you mean (.*)\?\)$/s, ": did you mean '$1'?"],
  [/^(unknown command '[^']*')$/, '$1: psp --help lists them'],
  [/^missing required argument '(.*)'$/, 'expected $1, found nothing'],
  [/^required option '(.*)' not specified$/, 'expected $1, found nothing'],
  [
    /^command-argument value '(.*)' is invalid for argument '(.*)'. Allowed choices are (.*)\.$/s,
    "$2: expected one of $3, found '$1'",
  ],
  [
    /^option '(--[a-z-]+) .*' argument '(.*)' is invalid. Allowed choices are (.*)\.$/s,
    "$1: expected one of $3, found '$2'",
  ],
];

/**
 * Returns the exit code of what commander threw, which it does for --help and --version too. Its own messages are
 * switched off.
 */
function reportUsage(error: CommanderError): number {
  if (error.exitCode === 0 || error.code === 'commander.help') return EXIT.ok;
  if (error.code === 'commander.optionMissingArgument') {
    const key = /--([a-z-]+)/.exec(error.message)?.[1];
    const setting = SETTINGS.find((each) => each.key === key);
    complain(`--${key}: expected ${setting?.expected ?? 'a value'}, found nothing`);
    return EXIT.usage;
  }
  complain(REWORDED.reduce((message, [pattern, plain]) => message.replace(pattern, plain), error.message));
  return EXIT.usage;
}
