import { describe, expect, it } from 'vitest';
import { createRequestSource } from '../../src/workload/generate.js';
import { openTrace, scanTrace } from '../../src/workload/trace.js';
import { createTraceDigest, foldTraceDigest, showTraceDigest } from '../../src/workload/trace-digest.js';
import { traceHeader, traceLines } from '../support/trace-writer.js';
import { bytes, drain, pieces, shipped } from './helpers.js';

const scan = (text: string) => scanTrace([bytes(text)], 't.csv');

const GOOD = 'arrival_ns,type,service_ns\n0,GET,1500\n100,SCAN,635000\n100,GET,1500\n400,PUT,1\n';

describe('the digest', () => {
  const digestOf = async (text: string, capacity?: number) => {
    const summary = await scan(text);
    const digest = createTraceDigest(summary.types.map(({ name }) => name));
    await drain(openTrace([bytes(text)], summary), capacity, (batch) => foldTraceDigest(digest, batch));
    return showTraceDigest(digest);
  };

  it('does not depend on batches, and changes with any arrival, type, demand, order or length', async () => {
    const same = await digestOf(GOOD);
    expect(same).toMatch(/^[0-9a-f]{16}$/);
    expect(await digestOf(GOOD, 1)).toBe(same);
    const others = await Promise.all(
      [
        GOOD.replace('400', '401'),
        GOOD.replace('400', '4294967696'), // 400 + 2^32
        GOOD.replace('PUT,1', 'PUT,2'),
        GOOD.replace('PUT,1', 'PUT,4294967297'),
        GOOD.replace('PUT', 'PVT'),
        GOOD.replace('SCAN,635000', 'GET,1500').replace('100,GET,1500\n400', '100,SCAN,635000\n400'),
        GOOD.replace('400,PUT,1\n', ''),
        `${GOOD}400,PUT,1\n`,
      ].map((text) => digestOf(text)),
    );
    expect(new Set([same, ...others]).size).toBe(others.length + 1);
  });

  it('of a generated trace equals that of the same trace written to a file and read back', async () => {
    for (const name of ['tpcc', 'heavy-tailed', 'bursty']) {
      const workload = shipped(name);
      const names = workload.types.map((type) => type.name);
      const generated = createTraceDigest(names);
      let text = traceHeader(true);
      const original = await drain(
        createRequestSource(workload, { seed: 8, load: 0.9, workers: 3, requests: 5000, flows: true }),
        undefined,
        (batch) => {
          foldTraceDigest(generated, batch);
          text += traceLines(batch, names, true);
        },
      );
      const summary = await scan(text);
      const read = createTraceDigest(summary.types.map((type) => type.name));
      const again = await drain(openTrace(pieces(text, [777]), summary), undefined, (batch) =>
        foldTraceDigest(read, batch),
      );
      expect(again.arrivalNs).toEqual(original.arrivalNs);
      expect(again.flow).toEqual(original.flow);
      // The order of the types differs (first appearance against the file's), the digest does not.
      expect(showTraceDigest(read)).toBe(showTraceDigest(generated));
      expect(read.requests).toBe(5000);
    }
  });

  it('is this for this trace, on every machine', async () => {
    expect(await digestOf(GOOD.replace('400', '123456789012345'))).toMatchInlineSnapshot(`"335e61c92ff929c4"`);
  });
});
