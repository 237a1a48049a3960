/** The modules that processes and threads start from. */

/** By their path in src/; the bundle has a file for each, named by the last part. */
export const ENTRY_POINTS = [
  'cli/main',
  'experiment/check/check-thread',
  'experiment/run/simulation-worker',
  'hw/dispatcher/dispatcher-probe-thread',
  'hw/dispatcher/dispatcher-thread',
  'hw/run/child',
  'hw/server/event-writer-thread',
] as const;

export type EntryPoint = (typeof ENTRY_POINTS)[number];

/** Set by scripts/bundle.mjs, where this file is part of a bundle in dist/bin. */
declare const PSP_BUNDLED: true | undefined;

/**
 * Returns the compiled file of an entry point: in the bundle where this runs from it, else in dist/, also when the
 * sources run directly (tests), because neither a worker thread nor a child process understands TypeScript.
 */
export function entryPoint(name: EntryPoint): URL {
  if (typeof PSP_BUNDLED !== 'undefined') return new URL(`./${name.split('/').at(-1)}.js`, import.meta.url);
  const dist = import.meta.url.endsWith('.ts') ? '../../dist/' : '../';
  return new URL(`${dist}${name}.js`, import.meta.url);
}
