import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSampled, sampledJson } from '../../../src/experiment/run/sampled-json.js';
import type { RequestSamples } from '../../../src/metrics/samples.js';
import { scratchFolder } from '../../cli/psp.js';
import { DARC } from '../../report/results.js';

const folder = scratchFolder();
let written = 0;

function fileOf(text: string | Iterable<string>): string {
  const path = join(folder, `${written++}.json`);
  writeFileSync(path, typeof text === 'string' ? text : [...text].join(''));
  return path;
}

function samplesOf(count: number): RequestSamples {
  return {
    traceDigest: 'abc',
    type: Uint16Array.from({ length: count }, (_, i) => i % 3),
    serviceNs: Float64Array.from({ length: count }, (_, i) => i + 0.5),
    sojournNs: Float64Array.from({ length: count }, (_, i) => (i % 7 === 0 ? Number.NaN : i * 1.25)),
  };
}

describe('results with samples', () => {
  it.each([0, 1, 20_000, 500_000])('survive JSON with %i requests', (count) => {
    const samples = samplesOf(count);
    const [one, two] = readSampled(fileOf(sampledJson([{ result: DARC, samples }, { result: DARC }])));
    expect([one!.result, two]).toEqual([DARC, { result: DARC }]);
    for (const column of ['type', 'serviceNs', 'sojournNs'] as const) {
      expect(Buffer.from(one!.samples![column].buffer).equals(Buffer.from(samples[column].buffer))).toBe(true);
    }
  });

  it('are never one text: no piece is longer than 4 MiB, so that their number has no limit', () => {
    const samples = samplesOf(500_000);
    const pieces = [...sampledJson([{ result: DARC, samples }])];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(4 << 20);
    const [{ samples: written }] = JSON.parse(pieces.join(''));
    expect(written.type).toBe(Buffer.from(samples.type.buffer).toString('base64'));
  });

  it('survive names with quotes and backslashes, wherever the file is cut into chunks', () => {
    const result = { ...DARC, workload: 'a"\\b\\\\' };
    for (let pad = 0; pad < 8; pad++) {
      const text = [...sampledJson([{ result }])].join('');
      const chunk = 1 << 20;
      const before = `${' '.repeat(chunk - text.indexOf('a\\"') - pad)}`;
      expect(readSampled(fileOf(before + text))).toEqual([{ result }]);
    }
  });

  it('are read again with what JSON writes as null', () => {
    const result = { ...DARC, load: null, offeredRps: null, utilisation: Number.NaN };
    expect(readSampled(fileOf(sampledJson([{ result }])))).toEqual([{ result }]);
  });

  it.each([
    ['no JSON', '[{', /expected JSON as --json writes it: /],
    ['a string that does not end', '["x', /expected JSON as --json writes it: /],
    ['no array', '{}', /expected an array of results, found object/],
    ['null', '[null]', /result 1: expected schema psp.result\/1, found nothing/],
    ['another schema', '[{"schema":"x"}]', /result 1: expected schema psp.result\/1, found "x"/],
    [
      'a field missing',
      JSON.stringify([{ ...DARC, workers: undefined }]),
      /result 1: workers: expected .*, found nothing/,
    ],
    ['a wrong kind', JSON.stringify([{ ...DARC, types: 7 }]), /result 1: types: expected array, found number/],
    ['no type', JSON.stringify([{ ...DARC, types: [] }]), /result 1: types: /],
    ['infinity', JSON.stringify([DARC]).replace('"workers":14', '"workers":1e999'), /result 1: workers: /],
    [
      'columns of different lengths',
      JSON.stringify([{ ...DARC, samples: { traceDigest: '', type: 'AAAA', serviceNs: '', sojournNs: '' } }]),
      /result 1: samples: expected columns of one length, found 1.5 types, 0 services, 0 sojourns/,
    ],
    [
      'a column that is not an array',
      JSON.stringify([{ ...DARC, samples: { traceDigest: '', type: 7, serviceNs: '', sojournNs: '' } }]),
      /result 1: samples.type: /,
    ],
  ])('refuse %s', (_what, text, message) => {
    expect(() => readSampled(fileOf(text))).toThrow(message);
    expect(() => readSampled(fileOf(text))).toThrow(expect.objectContaining({ name: 'InputError' }));
  });

  it('refuse what is not there', () => {
    expect(() => readSampled(join(folder, 'none'))).toThrow('none: cannot be read: there is no such file');
    expect(() => readSampled(folder)).toThrow('cannot be read: it is a folder');
  });
});
