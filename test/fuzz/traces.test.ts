/** Hostile trace files: the reader plays what it has checked, or refuses it with an InputError. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../../src/units/errors.js';
import { createBatch } from '../../src/workload/request-source.js';
import { openTrace, scanTrace } from '../../src/workload/trace.js';
import { runs } from '../support/runs.js';
import { damaged, pick, type Random } from './mutate.js';
import { randomOf } from './random-of.js';

const FIELDS = [
  '0',
  '17',
  '1e3',
  '-1',
  '0x10',
  '9007199254740993',
  '',
  ' ',
  'GET',
  'a,b',
  '"',
  '"q ""x"""',
  'NaN',
  'é',
  '=1+1',
  '\u0000',
];

/** Lines that are mostly right. */
function traceText(random: Random): string {
  const flow = random() < 0.5;
  const lines = [`arrival_ns,type,service_ns${flow ? ',flow' : ''}`];
  let atNs = random() < 0.2 ? 1.7e15 : 0;
  for (let i = Math.floor(random() * 60); i >= 0; i--) {
    atNs += Math.floor(random() * 2000);
    const fields = [
      String(atNs),
      pick(random, ['GET', 'SCAN', 'UNKNOWN', '"a ,b"']),
      String(1 + Math.floor(random() * 1e6)),
    ];
    if (flow) fields.push(String(Math.floor(random() * 2 ** 32)));
    if (random() < 0.02) fields[Math.floor(random() * fields.length)] = pick(random, FIELDS);
    lines.push(fields.join(','));
  }
  return lines.join(pick(random, ['\n', '\n', '\r\n'])) + pick(random, ['', '\n', '\n\n']);
}

/** The same bytes in pieces, as a stream hands them over. */
function* pieces(random: Random, bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + Math.floor(random() * 50);
    yield bytes.subarray(at, end);
    at = end;
  }
}

it('a trace is refused or played as it was summed up, wherever its chunks end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const random = randomOf(seed);
      const whole = new TextEncoder().encode(traceText(random));
      const bytes = random() < 0.5 ? whole : damaged(random, whole);
      const [inPieces, atOnce] = [await outcome(pieces(random, bytes)), await outcome([bytes])];
      expect(inPieces).toEqual(atOnce);
      if (typeof atOnce === 'string') return;
      const source = openTrace(pieces(random, bytes), atOnce);
      const batch = createBatch();
      let [requests, serviceNs] = [0, 0];
      do {
        await source.fill(batch);
        requests += batch.length;
        for (let i = 0; i < batch.length; i++) serviceNs += batch.serviceNs[i]!;
      } while (batch.length > 0);
      expect(requests).toBe(atOnce.requests);
      expect(serviceNs / requests).toBeCloseTo(atOnce.meanServiceNs, 3);
    }),
    { numRuns: runs(300) },
  );
});

async function outcome(chunks: Iterable<Uint8Array>) {
  try {
    return await scanTrace(chunks, 'fuzz.csv');
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
}
