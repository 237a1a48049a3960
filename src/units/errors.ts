import { visible } from './names.js';

/** The two kinds of failure that a person can mend. Anything else that is thrown is a bug in psp. */

/** One thing wrong at a place of an input file. */
export interface InputIssue {
  /** The file, as the user named it. */
  readonly file: string;
  /** Line, from 1. */
  readonly line: number;
  /** Column, from 1; absent for the lines of a trace. */
  readonly column?: number;
  /** Where in the file's structure, such as `types[1].ratio`; empty for the file as a whole. */
  readonly path: string;
  /** What was expected and what was found. */
  readonly message: string;
}

/**
 * Something a person gave psp is wrong: a file, a name, a number. Exit code 2; 1 if only a run showed it.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** What is wrong at which places, in the order of the file; empty when the message names the place itself. */
  readonly issues: readonly InputIssue[];

  /**
   * @param wrong a message that names the place, what was found and what was expected; or at least one issue
   * @param inRun was it found in the middle of a run: a policy threw?
   */
  constructor(
    wrong: string | readonly InputIssue[],
    readonly inRun = false,
  ) {
    const lines = typeof wrong === 'string' ? wrong.split('\n') : wrong.map(formatIssue);
    // What was found may hold anything; a terminal must not obey it.
    super(lines.map(visible).join('\n'));
    this.issues = typeof wrong === 'string' ? [] : wrong;
  }
}

/** The machine cannot do it: no memory, a full disk, no permission, a missing device. Exit code 3. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  /**
   * @param concerns `process` when nothing else that this process begins can work either, such as without open files;
   *   `run` when another run may work, such as one with less memory
   */
  constructor(
    message: string,
    readonly concerns: 'run' | 'process' = 'run',
  ) {
    super(message);
  }
}

/** `workloads/x.yaml:6:14: ratio: expected numbers that sum to 1, found 0.9` */
function formatIssue(issue: InputIssue): string {
  const column = issue.column === undefined ? '' : `:${issue.column}`;
  // The line and column give the place, so the last key of the path is enough.
  const key = /([^.[\]]+)(?:\[\d+\])*$/.exec(issue.path)?.[1];
  return `${issue.file}:${issue.line}${column}: ${key === undefined ? '' : `${key}: `}${issue.message}`;
}

/** An error on its way to another thread or process, where its class would be lost. */
export interface SentError {
  readonly kind: 'input' | 'environment' | 'other';
  /** See {@link InputError}. */
  readonly inRun?: boolean;
  /** Of an {@link EnvironmentError}. */
  readonly concerns?: EnvironmentError['concerns'];
  readonly message: string;
  readonly stack?: string;
}

/** For {@link receiveError} on the other side. */
export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) return { kind: 'other', message: String(error) };
  const kind = error instanceof InputError ? 'input' : error instanceof EnvironmentError ? 'environment' : 'other';
  return {
    kind,
    message: error.message,
    ...(error.stack !== undefined && { stack: error.stack }),
    ...(error instanceof EnvironmentError && { concerns: error.concerns }),
    ...(error instanceof InputError && { inRun: error.inRun }),
  };
}

/** The error that {@link sendError} took apart. Its issues are in its message. */
export function receiveError({ kind, message, inRun, stack, concerns }: SentError): Error {
  if (kind === 'input') return new InputError(message, inRun);
  if (kind === 'environment') return new EnvironmentError(message, concerns);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
