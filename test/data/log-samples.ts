/** A log in each of the formats that psp reads. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import hdr from 'hdr-histogram-js';

const FOLDER = fileURLToPath(new URL('samples/', import.meta.url));

/** Two requests each: `GET /item/:id` of 5 ms, and after 20 ms `POST /order`. By the name of the format. */
export const LOGS = textsOf('.sample');

function textsOf(ending: string): Readonly<Record<string, string>> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(ending));
  return Object.fromEntries(files.map((file) => [file.slice(0, -ending.length), readFileSync(FOLDER + file, 'utf8')]));
}

/** Distributions: 1000 values of 5 ms, 100 of 100 ms. */
export function distributionLogs(): Readonly<Record<string, string>> {
  const histogram = hdr.build({ useWebAssembly: false, bitBucketSize: 64 });
  for (let i = 0; i < 1100; i++) histogram.recordValue(i < 1000 ? 5_000_000 : 100_000_000);
  const encoded = hdr.encodeIntoCompressedBase64(histogram);
  const head = [
    '#[Histogram log format version 1.3]',
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
  ];
  return {
    ...textsOf('.txt'),
    'hdr-histogram': `${head.join('\n')}\nTag=GET,0.127,10.000,100.000,${encoded}\n`,
  };
}
