import { CommanderError } from 'commander';
import { EventFileError } from '../events/event-file.js';
import { EnvironmentError, InputError } from '../experiment/errors.js';
import { DilationError } from '../hw/run/dilation.js';
import { StartupError } from '../hw/startup-error.js';
import { PolicyError } from '../scheduler/policy.js';
import { WorkloadError } from '../workload/workload-error.js';

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

const USAGE_ERRORS = [InputError, DilationError, PolicyError, WorkloadError, EventFileError];

/** Says on stderr what went wrong, one line per mistake, and answers the exit code. */
export function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return reportUsage(error);
  if (USAGE_ERRORS.some((kind) => error instanceof kind)) {
    complain((error as Error).message);
    return EXIT.usage;
  }
  if (error instanceof EnvironmentError || error instanceof StartupError) {
    complain(error.message);
    return EXIT.environment;
  }
  complain('something went wrong that should not have; this is a mistake in psp:');
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.environment;
}

/** Writes `psp: …` to stderr, for every line of the message. */
export function complain(message: string): void {
  for (const line of message.split('\n')) process.stderr.write(`psp: ${line}\n`);
}

/** Commander throws for --help and --version too, with exit code 0; its own output is switched off for errors. */
function reportUsage(error: CommanderError): number {
  if (error.exitCode === 0 || error.code === 'commander.help') return EXIT.ok;
  // 'error: unknown option '--laod'\n(Did you mean --load?)'
  const message = error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/s, ": did you mean '$1'?");
  complain(message);
  return EXIT.usage;
}
