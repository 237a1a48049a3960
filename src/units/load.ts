/** An offered load for people; a trace whose requests all arrive at once has none. */
export function formatLoad(load: number | null, digits = 3): string {
  return load === null || !Number.isFinite(load) ? '–' : String(Number(load.toPrecision(digits)));
}
