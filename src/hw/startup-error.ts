/** What was asked for can be run on no machine: one clear line, exit code 2. */
export class HardwareInputError extends Error {
  override readonly name = 'HardwareInputError';
}

/** A run that cannot start on this machine: one clear line, exit code 3. (A wrong input is a `WorkloadError`, exit code 2.) */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  readonly exitCode = 3;
}
