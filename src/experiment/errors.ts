/** What a person gave psp cannot be used: a file, a name, a number. The message says where, what was found and what was expected. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** The machine cannot do it: no memory, a full disk. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}
