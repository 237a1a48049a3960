/**
 * Request traces of Perséphone's client (artifact of "When Idling is Ideal", SOSP 2021): a line per request under a
 * header, with times in ns and the demand that the client asked for.
 */

import { quoted } from '../units/lists.js';

/** The columns that are read; COMPLETED, RESP_TIME and others are what the original measured. */
export const CLIENT_COLUMNS = { arrival: 'SENDING', type: 'REQ_TYPE', service: 'MEAN_NS' } as const;

/**
 * Returns what makes a line `arrival_ns,type,service_ns` of each that follows; undefined when this is another header.
 */
export function clientLines(header: string): ((line: string) => string) | undefined {
  const separator = ['\t', ',', ';', ' '].find((each) => header.includes(each)) ?? '\t';
  const names = header.trim().split(separator);
  const { arrival, type, service } = CLIENT_COLUMNS;
  const places = [arrival, type, service].map((name) => names.indexOf(name));
  if (places.includes(-1)) return undefined;
  return (line) => {
    const cells = line.split(separator);
    const [sent = '', name = '', demand = ''] = places.map((place) => cells[place]?.trim());
    return `${wholeOf(sent)},${quoted(name)},${wholeOf(demand)}`;
  };
}

/** Without the fraction of a ns. What is no number stays, to be refused. */
function wholeOf(cell: string): string {
  return cell.replace(/^(\d+)\.\d*$/, '$1');
}
