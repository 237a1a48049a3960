import { CommanderError } from 'commander';
import { EnvironmentError, InputError } from '../units/errors.js';

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

/** Says on stderr what went wrong, one line per mistake, and answers the exit code. */
export function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return reportUsage(error);
  if (error instanceof InputError) {
    complain(error.message);
    return EXIT.usage;
  }
  if (error instanceof EnvironmentError) {
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
