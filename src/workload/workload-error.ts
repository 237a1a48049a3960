/** One thing wrong with an input file. */
export interface WorkloadIssue {
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

/** A workload, trace or quantile file is wrong. Thrown before anything runs, with all that could be found out. */
export class WorkloadError extends Error {
  override readonly name = 'WorkloadError';

  /** @param issues at least one, in the order of the file */
  constructor(readonly issues: readonly WorkloadIssue[]) {
    super(issues.map(formatIssue).join('\n'));
  }
}

/** `workloads/x.yaml:6:14: ratio: expected numbers that sum to 1, found 0.9` */
export function formatIssue(issue: WorkloadIssue): string {
  const column = issue.column === undefined ? '' : `:${issue.column}`;
  // The place is in the line and column already, so the last key of the path is enough.
  const key = /([^.[\]]+)(?:\[\d+\])*$/.exec(issue.path)?.[1];
  return `${issue.file}:${issue.line}${column}: ${key === undefined ? '' : `${key}: `}${issue.message}`;
}
