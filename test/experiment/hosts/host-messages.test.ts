import { describe, expect, it } from 'vitest';
import { lineOfHost, messageOfHost, packRecords, unpackRecords } from '../../../src/experiment/hosts/host-messages.js';
import { createRecords } from '../../../src/hw/client/client.js';

describe('what a host says', () => {
  it('is a line, and other lines are for people', () => {
    const message = { kind: 'pong', nowMs: 7 } as const;
    const line = lineOfHost(message);
    expect(line.endsWith('\n')).toBe(true);
    expect(messageOfHost(line)).toMatchObject(message);
    for (const other of ['Welcome to Debian', '{"kind":"pong"}', '', line.slice(0, -5)]) {
      expect(messageOfHost(other)).toBeUndefined();
    }
  });

  it('puts the records of each client into the rows of the requests that it sent', () => {
    const all = createRecords(5);
    [0, 1].forEach((index) => {
      const own = createRecords(index === 0 ? 3 : 2);
      own.sentNs.forEach((_, i) => {
        own.sentNs[i] = 100 * i + index;
        own.worker[i] = i + 1;
      });
      // In two parts.
      for (const [from, to] of [
        [0, 2],
        [2, 4],
      ] as const) {
        const rows = { kind: 'records', from, columns: packRecords(own, from, to) } as const;
        unpackRecords(all, rows, { clients: 2, index });
      }
    });
    expect([...all.sentNs]).toEqual([0, 1, 100, 101, 200]);
    expect([...all.worker]).toEqual([1, 1, 2, 2, 3]);
    expect([...all.repliedNs]).toEqual(Array(5).fill(Number.NaN));
  });
});
