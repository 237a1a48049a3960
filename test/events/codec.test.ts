import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32, createBlockEncoder, decodeBlock } from '../../src/events/codec.js';
import { ARITY, carriesQuantity, EventKind } from '../../src/events/event.js';
import { createEventMemory, openEventRing } from '../../src/events/event-ring.js';

const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };
const event = fc.record({
  kind: fc.constantFrom(...Object.values(EventKind)),
  numbers: fc.tuple(fc.integer(INT32), fc.integer(INT32), fc.integer(INT32)),
  stepNs: fc.oneof(fc.nat(1000), fc.constantFrom(0, 2 ** 31, 2 ** 40, 2 ** 52)),
});

describe('a block of events', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(fc.array(event, { maxLength: 60 }), { maxLength: 3 }), (blocks) => {
        // One encoder for all blocks: nothing may leak from one into the next.
        const encoder = createBlockEncoder();
        for (const events of blocks) {
          let nowNs = 0;
          const rows = events.map(({ kind, numbers, stepNs }) => {
            if (!carriesQuantity(kind)) nowNs = Math.min(2 ** 53 - 1, nowNs + stepNs);
            const used = numbers.map((value, i) => (i < ARITY[kind]! ? value : 0));
            return { kind, numbers: used, timeNs: carriesQuantity(kind) ? stepNs : nowNs };
          });
          for (const { kind, numbers, timeNs } of rows)
            encoder.add(kind, numbers[0]!, numbers[1]!, numbers[2]!, timeNs);
          const block = decodeBlock(encoder.take().slice());
          expect(block.count).toBe(rows.length);
          expect(
            rows.map((_, i) => ({
              kind: block.kind[i],
              numbers: [block.a[i], block.b[i], block.c[i]],
              timeNs: block.timeNs[i],
            })),
          ).toEqual(rows);
        }
      }),
    );
  });

  it('that is damaged is refused or read as something else, never a crash', () => {
    const encoder = createBlockEncoder();
    for (let i = 0; i < 50; i++) encoder.add(EventKind.start, i, i * 1000, 0, i * 500);
    const whole = encoder.take().slice();
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(whole.length),
        (at, bits, length) => {
          const bytes = whole.slice();
          bytes[at]! ^= bits;
          try {
            decodeBlock(bytes.subarray(0, length));
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        },
      ),
    );
  });

  it('with a time or a number out of range is refused', () => {
    const encoder = createBlockEncoder();
    for (let i = 0; i < 3; i++) encoder.add(EventKind.dispatch, 0, 0, 0, i * 2 ** 52);
    expect(() => decodeBlock(encoder.take().slice())).toThrow('the time 9007199254740992 ns, out of range');
    encoder.add(EventKind.complete, -(2 ** 31), 0, 0, 0);
    const bytes = encoder.take().slice();
    // The varint of the number is the last five bytes; its highest bits are the last.
    bytes[bytes.length - 1] = 0x1f;
    expect(() => decodeBlock(bytes)).toThrow(/the number \d+, out of range/);
  });

  it('has the checksum that zip and PNG have', () => {
    // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
});

describe('a ring of events', () => {
  it('hands over what was written, in order; a full one loses events, counts them, and leaves a gap', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 50 }), (turns) => {
        const memory = createEventMemory(8);
        const writer = openEventRing(memory);
        const reader = openEventRing(memory);
        const time = new Float64Array(1);
        const seen: number[] = [];
        let written = 0;
        let missing = 0;
        const take = (kind: number, a: number, b: number, c: number, timeNs: number) => {
          if (kind === EventKind.gap) {
            missing += a;
            for (let i = 0; i < a; i++) seen.push(-1);
            return;
          }
          expect([kind, b, c, timeNs]).toEqual([EventKind.start, 1 - a, 7, a * 10]);
          seen.push(a);
        };
        for (const [writes, reads] of turns) {
          for (let i = 0; i < writes; i++) {
            time[0] = written * 10;
            writer.write(EventKind.start, written, 1 - written, 7, time);
            written++;
          }
          reader.drain(take, reads);
        }
        reader.drain(take, 100);
        const atTheEnd = reader.lost() - missing;
        expect(seen.length + atTheEnd).toBe(written);
        seen.forEach((value, i) => {
          expect(value === -1 || value === i).toBe(true);
        });
      }),
    );
  });

  it('of no power of two is refused', () => {
    expect(() => createEventMemory(1000)).toThrow('capacity: expected a power of two, found 1000');
  });
});
