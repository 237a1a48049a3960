/** The name of the type of all requests that the classifier does not recognise. */
export const UNKNOWN = 'UNKNOWN';

/**
 * Puts types in the order of their indices: UNKNOWN comes after all that the classifier recognises. Returns also how
 * many those are.
 */
export function byIndex<T>(types: readonly T[], nameOf: (type: T) => string): { types: T[]; classified: number } {
  const classified = types.filter((type) => nameOf(type) !== UNKNOWN);
  const unknown = types.filter((type) => nameOf(type) === UNKNOWN);
  return { types: [...classified, ...unknown], classified: classified.length };
}

/** The names of types by index. */
export function typeNames({
  types,
  hasUnknown,
}: {
  /** Those that the classifier recognises. */
  readonly types: readonly { readonly name: string }[];
  readonly hasUnknown: boolean;
}): string[] {
  return [...types.map(({ name }) => name), ...(hasUnknown ? [UNKNOWN] : [])];
}
