/** A run that cannot start on this machine, or cannot go on: one clear line, exit code 3. (A wrong input is a `WorkloadError`, exit code 2.) */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  readonly exitCode = 3;
}
