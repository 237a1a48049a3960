import type { Imported, Log } from '../data/import/import-log.js';
import { sayArrivals } from '../report/text/fit-text.js';
import { formatShare } from '../report/text/numbers.js';
import type { Profile } from '../results/import-schema.js';
import { exactDuration, formatDuration } from '../units/duration.js';

/** Shares of rows below this are not worth a word. */
const WORTH_SAYING = 0.001;

/** What was assumed of a log, and what is odd about it. */
export function importNotes(
  { collector, columns, types, others }: Log,
  { rateRps }: Profile,
  { arrivals, evidence }: Pick<Imported, 'arrivals' | 'evidence'>,
  isService: boolean,
): { assumptions: string[]; warnings: string[] } {
  const { store, repeated, resolutionNs } = collector;
  const { names, time, timeIs, duration } = columns;
  const assumptions = [
    `'${names[time.column]}' is the time of the ${timeIs}` +
      (timeIs === 'completion' ? ': the duration is subtracted' : ''),
    `'${names[duration.column]}' is in ${duration.unit}, and is ${isService ? 'the demand' : 'the response time'}`,
    ...(columns.type.length === 0 ? ['all requests are of one type'] : []),
    ...(others > 0 ? [`${others} rare types became OTHER; ${types.length - 1} are kept (--types-max)`] : []),
    `in workload.yaml, arrivals are ${sayArrivals(arrivals)}; the trace has them as they were`,
  ];
  const share = (count: number) => count / store.rows;
  const gapNs = 1e9 / rateRps;
  const other = timeIs === 'arrival' ? 'completion' : 'arrival';
  const warnings = [
    ...(evidence?.method === 'quiet'
      ? [
          `if '${names[time.column]}' is the time of the ${other}, as where a line is written when a request ` +
            `${timeIs === 'arrival' ? 'ends' : 'comes'}, all demands are wrong: try --time-is ${other}`,
        ]
      : []),
    ...(share(store.late) > WORTH_SAYING && timeIs === 'arrival'
      ? [`${formatShare(share(store.late))} of the rows came later than their turn; they were sorted`]
      : []),
    ...(share(repeated) > WORTH_SAYING
      ? [`${formatShare(share(repeated))} of the rows equal the one before: is the log written twice?`]
      : []),
    ...(resolutionNs > gapNs
      ? [
          `the clock of the log ticks every ${exactDuration(resolutionNs)}, and requests come every ` +
            `${formatDuration(gapNs)}: those of a tick arrive at once, so waits come out too long`,
        ]
      : []),
  ];
  return { assumptions, warnings };
}
