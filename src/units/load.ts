/** An offered load for people; a trace whose requests all arrive at once has none. */
export function formatLoad(load: number | null, digits = 3): string {
  return load === null || !Number.isFinite(load) ? '–' : String(Number(load.toPrecision(digits)));
}

/** Loads in this range are more often a percentage than an overload. */
const LIKE_PERCENT = { from: 5, to: 100 };

/** Is a load probably a percentage? */
export function looksLikePercent(load: number): boolean {
  return load >= LIKE_PERCENT.from && load <= LIKE_PERCENT.to;
}

/** What a trace with more work than its workers can do most likely is. */
const LIKELY_RESPONSES =
  '; if its service_ns are durations of a log, they contain waiting, ' +
  'and psp import --duration-is response takes it out';

/**
 * What to say before a run whose load cannot be carried; undefined below 1.
 *
 * @param asRecorded is it a trace at its own rate?
 */
export function overloadWarning(load: number, asRecorded = false): string | undefined {
  if (!(load >= 1)) return undefined;
  const percent = looksLikePercent(load) ? `; for ${formatLoad(load)} %, write ${formatLoad(load / 100)}` : '';
  return (
    `load ${formatLoad(load)} is ${load > 1 ? 'more than' : 'all'} the workers can do: unbounded queues grow during ` +
    `the whole run, and bounded ones drop${asRecorded ? LIKELY_RESPONSES : percent}`
  );
}
