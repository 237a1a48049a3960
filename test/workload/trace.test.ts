import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestBatch } from '../../src/workload/request-source.js';
import { openTrace, scanTrace, type TraceOptions, traceNotes, traceRateScale } from '../../src/workload/trace.js';
import { traceHeader, traceLines } from '../support/trace-writer.js';
import { bytes, complaints, drain, pieces } from './helpers.js';

async function* slowly<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

const scan = (text: string) => scanTrace([bytes(text)], 't.csv');
const errors = (text: string) => complaints(() => scan(text));

async function play(text: string, options?: TraceOptions, capacity?: number) {
  return drain(openTrace([bytes(text)], await scan(text), options), capacity);
}

const GOOD = 'arrival_ns,type,service_ns\n0,GET,1500\n100,SCAN,635000\n100,GET,1500\n400,PUT,1\n';

describe('a trace file', () => {
  it('has names of types in quotes where they need them, and each name once', async () => {
    const names = ['GET, big', 'say "hi"', 'GET'];
    const lines = ['0,"GET, big",1', '1,"say ""hi""",1', '2,"GET",1', '3,GET,1', '4,"GET, big",1'];
    const text = `arrival_ns,type,service_ns\n${lines.join('\n')}\n`;
    const summary = await scan(text);
    expect(summary.types.map(({ name, count }) => [name, count])).toEqual(names.map((name, i) => [name, [2, 1, 2][i]]));
    for (const size of [1, 2, 7]) {
      const { type } = await drain(openTrace(pieces(text, [size]), summary));
      expect(type).toEqual([0, 1, 2, 2, 0]);
    }
    const batch = new RequestBatch(3);
    batch.length = 3;
    batch.type.set([0, 1, 2]);
    batch.serviceNs.fill(1);
    const written = await scan(traceHeader() + traceLines(batch, names));
    expect(written.types.map(({ name }) => name)).toEqual(names);
    expect((await scan('0,"a,b",1\n1,"a,b",1\n')).hasFlow).toBe(false);
  });

  it.each([
    ['\t', '', 'POST "a", b'],
    [',', '\r', 'POST "a"'],
  ])('may be what the client of Perséphone writes, with %j between its columns', async (separator, end, name) => {
    const lines = [
      ['REQ_ID', 'REQ_TYPE', 'SENDING', 'COMPLETED', 'RESP_TIME', 'MEAN_NS', 'SCHED_ID'],
      ['0', 'GET /item/:id', '1234567890.123456', '1239667890.0', '5100000.0', '5000000', '0'],
      ['1', name, '1254567890.999999', '1256167890.0', '1600000.0', '1500', '0'],
    ];
    const text = lines.map((cells) => `${cells.join(separator)}${end}\n`).join('');
    const { types, startNs } = await scan(text);
    expect([startNs, types.map(({ name }) => name)]).toEqual([1234567890, ['GET /item/:id', name]]);
    const played = { arrivalNs: [0, 20e6], serviceNs: [5e6, 1500], type: [0, 1], flow: [0, 0] };
    for (const size of [1, 7, 1000]) {
      expect(await drain(openTrace(pieces(text, [size]), await scan(text)))).toEqual(played);
    }
    const wrong = await errors(text.replace('1254567890.999999', '4').replace('5000000', '0'));
    expect(wrong).toEqual([
      "t.csv:2: service_ns: expected a whole number of ns above 0, at most 104 days (2^53 ns), found '0'",
    ]);
    expect(await errors(text.replace('1254567890.999999', '4'))).toEqual([
      't.csv:3: arrival_ns: expected at least that of the request before (1234567890), found 4: psp import sorts ' +
        'requests',
    ]);
  });

  it('is summed up by the first pass', async () => {
    const summary = await scan(GOOD);
    expect(summary).toEqual({
      fileName: 't.csv',
      requests: 4,
      firstArrivalNs: 0,
      lastArrivalNs: 400,
      startNs: 0,
      rateRps: 7.5e6,
      meanServiceNs: 638_001 / 4,
      classified: 3,
      hasFlow: false,
      types: [
        { name: 'GET', count: 2, ratio: 0.5, meanServiceNs: 1500, secondMomentNs2: 2_250_000 },
        { name: 'SCAN', count: 1, ratio: 0.25, meanServiceNs: 635_000, secondMomentNs2: 635_000 ** 2 },
        { name: 'PUT', count: 1, ratio: 0.25, meanServiceNs: 1, secondMomentNs2: 1 },
      ],
    });
  });

  it('is played by the second', async () => {
    expect(await play(GOOD)).toEqual({
      arrivalNs: [0, 100, 100, 400],
      type: [0, 1, 0, 2],
      serviceNs: [1500, 635_000, 1500, 1],
      flow: [0, 0, 0, 0],
    });
  });

  it('needs no header and no last newline, and may come from a spreadsheet', async () => {
    const expected = await play(GOOD);
    expect(await play(GOOD.slice(GOOD.indexOf('\n') + 1))).toEqual(expected);
    expect(await play(GOOD.slice(0, -1))).toEqual(expected);
    expect(await play(`\uFEFF${GOOD.replaceAll('\n', '\r\n')}\r\n`)).toEqual(expected);
    expect(await play(GOOD.replaceAll('\n', '\n\n'))).toEqual(expected);
    expect(await play(GOOD.replace('arrival_ns,type,service_ns', 'Arrival_ns, Type, Service_ns'))).toEqual(expected);
  });

  it('may name flows', async () => {
    const text = 'arrival_ns,type,service_ns,flow\n5,A,1,0\n6,A,1,4294967295\n';
    expect((await play(text)).flow).toEqual([0, 4_294_967_295]);
    expect((await scan(text)).hasFlow).toBe(true);
    expect((await play('5,A,1,17\n')).flow).toEqual([17]);
  });

  it('gives UNKNOWN the index after all others', async () => {
    const text = '1,UNKNOWN,5\n2,B,6\n3,A,7\n4,UNKNOWN,5\n';
    const summary = await scan(text);
    expect(summary.types.map(({ name, count }) => `${name} ${count}`)).toEqual(['B 1', 'A 1', 'UNKNOWN 2']);
    expect(summary.classified).toBe(2);
    expect((await play(text)).type).toEqual([2, 0, 1, 2]);
  });

  it('reads the same however its bytes are cut and whatever the batches hold', async () => {
    const text = 'arrival_ns,type,service_ns\r\n0,GÉT,1500\r\n100,SCAN,635000\n\n100,GÉT,1500\n4000000000000,PUT,1';
    const summary = await scan(text);
    const whole = await drain(openTrace([bytes(text)], summary));
    expect(whole.arrivalNs).toEqual([0, 100, 100, 4e12]);
    for (let cut = 0; cut <= bytes(text).length; cut++) {
      const chunks = [bytes(text).subarray(0, cut), bytes(text).subarray(cut)];
      expect(await scanTrace(chunks, 't.csv')).toEqual(summary);
      expect(await drain(openTrace(chunks, summary), 1 + (cut % 3))).toEqual(whole);
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 5 }),
        async (sizes, capacity) => {
          expect(await scanTrace(pieces(text, sizes), 't.csv')).toEqual(summary);
          expect(await drain(openTrace(slowly(pieces(text, sizes)), summary), capacity)).toEqual(whole);
        },
      ),
    );
  });

  it('is streamed: one chunk in memory, the next asked for only when it is needed, and closed at the end', async () => {
    let asked = 0;
    let closed = false;
    const lines = 200;
    async function* file() {
      try {
        for (;;) {
          asked++;
          let text = '';
          for (let i = 0; i < lines; i++) text += `${asked * 1000 + i},A,1\n`;
          yield bytes(text);
        }
      } finally {
        closed = true;
      }
    }
    const summary = { ...(await scan('0,A,1\n')), requests: 1e9 };
    const source = openTrace(file(), summary, { requests: 1000 });
    const batch = new RequestBatch(100);
    await source.fill(batch);
    expect([batch.length, asked]).toEqual([100, 1]);
    // What is left of a chunk is there at once.
    expect(source.fill(batch)).toBeUndefined();
    expect([batch.length, asked]).toEqual([100, 1]);
    const rest = await drain(source, 100);
    expect(rest.arrivalNs.length).toBe(800);
    expect(asked).toBe(5);
    expect(closed).toBe(true);
    await source.fill(batch);
    expect(batch.length).toBe(0);
  });

  it('can be played faster or slower, and cut', async () => {
    expect((await play(GOOD, { rateScale: 3 })).arrivalNs).toEqual([0, 33, 33, 133]);
    expect((await play(GOOD, { rateScale: 0.5 })).arrivalNs).toEqual([0, 200, 200, 800]);
    expect((await play(GOOD, { requests: 2 })).arrivalNs).toEqual([0, 100]);
    expect((await play(GOOD, { durationNs: 100 })).arrivalNs).toEqual([0]);
    expect((await play(GOOD, { durationNs: 101 }, 1)).arrivalNs).toEqual([0, 100, 100]);
    expect((await play(GOOD, { requests: 0 })).arrivalNs).toEqual([]);
    const summary = await scan(GOOD);
    expect(traceRateScale(summary, { rateRps: 15e6 })).toBeCloseTo(2, 12);
    const scale = traceRateScale(summary, { load: 0.5, workers: 10 });
    expect((summary.rateRps! * scale * summary.meanServiceNs) / 1e10).toBeCloseTo(0.5, 12);
    expect(() => openTrace([], summary, { rateScale: 0 })).toThrow('expected a rate scale above 0, found 0');
    const atOnce = await scan('5,A,1\n5,A,1\n');
    expect(() => traceRateScale(atOnce, { rateRps: 1 })).toThrow(
      'trace t.csv has no rate: all requests arrive at once',
    );
    expect(() => openTrace([], { ...summary, lastArrivalNs: 1e15 }, { rateScale: 0.01 })).toThrow(
      't.csv: expected a last arrival before 104 days',
    );
  });

  it.each([
    ['since 1970', 1_700_000_000e6],
    ['one second late', 1e9],
    ['with one request', 5, ''],
  ])(
    'that begins late (%s) is played from its first arrival',
    async (_what, first, more = `${first + 300},SCAN,2000\n`) => {
      const text = `${first},GET,1000\n${more}`;
      const summary = await scan(text);
      expect([summary.firstArrivalNs, summary.startNs]).toEqual([first, first]);
      expect(traceNotes(summary)).toEqual([
        expect.stringMatching(/^t.csv: begins at .*: times count from its first arrival$/),
      ]);
      const wanted = more === '' ? [0] : [0, 300];
      expect((await play(text)).arrivalNs).toEqual(wanted);
      expect((await play(text, { durationNs: 200 })).arrivalNs).toEqual([0]);
      expect((await play(text, { rateScale: 2 })).arrivalNs).toEqual(wanted.map((ns) => ns / 2));
    },
  );

  it('that begins within a hundred mean gaps keeps its times', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `${i * 10 + 900},A,1\n`).join('');
    expect((await scan(lines)).startNs).toBe(0);
    expect(traceNotes(await scan(lines))).toEqual([]);
  });
});

describe('a broken trace is refused with its line, before anything runs', () => {
  const columns = 'expected 3 columns (arrival_ns,type,service_ns)';
  it.each([
    ['0,A,1\nx,A,1\n', "t.csv:2: arrival_ns: expected a whole number of ns, at most 104 days (2^53 ns), found 'x'"],
    ['0,A,1\n-1,A,1\n', "t.csv:2: arrival_ns: expected a whole number of ns, at most 104 days (2^53 ns), found '-1'"],
    ['-1,A,1\n', "t.csv:1: arrival_ns: expected a whole number of ns, at most 104 days (2^53 ns), found '-1'"],
    ['0,A,1\n1.5,A,1\n', "t.csv:2: arrival_ns: expected a whole number of ns, at most 104 days (2^53 ns), found '1.5'"],
    ['0,A,1\n,A,1\n', 't.csv:2: arrival_ns: expected a whole number of ns, at most 104 days (2^53 ns), found nothing'],
    [
      '0,A,1\n9007199254740993,A,1\n',
      "t.csv:2: arrival_ns: expected a whole number of ns, at most 104 days (2^53 ns), found '9007199254740993'",
    ],
    ['5,A,1\n4,A,1\n', 't.csv:2: arrival_ns: expected at least that of the request before (5), found 4'],
    [
      '0,A,1\n1,A,0\n',
      "t.csv:2: service_ns: expected a whole number of ns above 0, at most 104 days (2^53 ns), found '0'",
    ],
    [
      '0,A,1\n1,A,1us\n',
      "t.csv:2: service_ns: expected a whole number of ns above 0, at most 104 days (2^53 ns), found '1us'",
    ],
    [
      '0,A,1\n1,A,\n',
      't.csv:2: service_ns: expected a whole number of ns above 0, at most 104 days (2^53 ns), found nothing',
    ],
    ['0,A,1\n1,A\n', `t.csv:2: ${columns}, found 2: '1,A'`],
    ['0,A,1\n1\n', `t.csv:2: ${columns}, found 1: '1'`],
    ['0,A,1\n1,A,1,7\n', `t.csv:2: ${columns}, found 4: '1,A,1,7'`],
    ['0,A,1,7\n1,A,1\n', "t.csv:2: expected 4 columns (arrival_ns,type,service_ns,flow), found 3: '1,A,1'"],
    ['0,A,1,7\n1,A,1,4294967296\n', "t.csv:2: flow: expected a whole number below 2^32, found '4294967296'"],
    [
      '0,A,1\n1,,1\n',
      "t.csv:2: type: expected a name of 1 to 255 characters, without control characters or spaces around it, found ''",
    ],
    [
      '0,A,1\n1, A,1\n',
      't.csv:2: type: expected a name of 1 to 255 characters, without control characters or spaces around it, ' +
        "found ' A'",
    ],
    ['0,A,1\n1,"A,1\n', `t.csv:2: ${columns}, found 1: '1,"A,1'`],
    [
      '0,A,1\n1,"A"x,1\n',
      't.csv:2: type: expected a name of 1 to 255 characters, without control characters or spaces around it, ' +
        'found \'"A"x\'',
    ],
    [
      'time,type,service_ns\n0,A,1\n',
      "t.csv:1: expected the header arrival_ns,type,service_ns (and perhaps flow), found 'time,type,service_ns': " +
        'psp import reads other logs',
    ],
    ['', 't.csv:1: expected requests, found none'],
    ['arrival_ns,type,service_ns\n', 't.csv:1: expected requests, found none'],
    [`0,A,1\n${'9'.repeat(2000)}\n`, 't.csv:2: expected a line of at most 1024 bytes, found a longer one'],
    [`${'9'.repeat(2000)}\n0,A,1\n`, 't.csv:1: expected a line of at most 1024 bytes, found a longer one'],
    [
      '1717171717171717171,A,1\n1717171717171717999,A,1\n',
      't.csv:1: arrival_ns: expected a whole number of ns, at most 104 days (2^53 ns), found ' +
        "'1717171717171717171': subtract that from every arrival_ns",
    ],
  ])('%j', async (text, message) => {
    expect(await errors(text)).toEqual([message]);
  });

  it.each([
    ['UTF-16', [0xff, 0xfe, 0x30, 0, 0x2c, 0], 'UTF-16: save it as UTF-8'],
    ['gzip', [0x1f, 0x8b, 8, 0], 'a gzip file: give it a name that ends in .csv.gz'],
    ['a spreadsheet', [0x50, 0x4b, 3, 4], 'a zip file or a spreadsheet: save it as CSV'],
    ['random bytes', [0x30, 0x2c, 7, 0xfe], 'binary data'],
    ['Latin-1', [0x30, 0x2c, 0xc9, 0x2c, 0x31], 'another encoding: save it as UTF-8'],
  ])('a file that is %s says once what it is', async (_what, first, found) => {
    const file = Uint8Array.from([...first, ...bytes('\n0,A\n0,A\n')]);
    expect(await complaints(() => scanTrace([file], 't.csv'))).toEqual([
      `t.csv:1: expected lines of CSV in UTF-8, found ${found}`,
    ]);
  });

  it('a name that is not UTF-8 says once that it is not', async () => {
    const file = Uint8Array.from([...bytes('0,A,1\n1,G'), 0xc9, ...bytes('T,1\n2,G'), 0xc9, ...bytes('T,1\n')]);
    expect(await complaints(() => scanTrace([file], 't.csv'))).toEqual([
      "t.csv:2: type: expected UTF-8, found other bytes in 'G\uFFFDT'",
    ]);
  });

  it.each([1024, 1025])('a line of %d bytes, however it is cut', async (length) => {
    const line = `1,A,${'0'.repeat(length - 5)}1`;
    for (const end of ['\n', '\r\n', '']) {
      for (const size of [1, 700, 5000]) {
        const scanned = scanTrace(pieces(`0,A,1\n${line}${end}`, [size]), 't.csv').then(
          ({ requests }) => requests,
          String,
        );
        expect(await scanned).toEqual(
          length === 1024 ? 2 : expect.stringContaining('t.csv:2: expected a line of at most 1024'),
        );
      }
    }
  });

  it.each([100, 1500])('a line that is too long, when it comes in pieces of %d', async (size) => {
    const text = `0,A,1\n${'1'.repeat(3000)}\n5,A,x\n`;
    expect(await complaints(() => scanTrace(pieces(text, [size]), 't.csv'))).toEqual([
      't.csv:2: expected a line of at most 1024 bytes, found a longer one',
      "t.csv:3: service_ns: expected a whole number of ns above 0, at most 104 days (2^53 ns), found 'x'",
    ]);
  });

  it('names the right line at any chunk size, behind a header and empty lines', async () => {
    const text = 'arrival_ns,type,service_ns\n\n0,A,1\n\r\n1,A,1\n2,A,oops\n3,A,1';
    for (let size = 1; size < text.length; size++) {
      expect(await complaints(() => scanTrace(pieces(text, [size]), 't.csv'))).toEqual([
        "t.csv:6: service_ns: expected a whole number of ns above 0, at most 104 days (2^53 ns), found 'oops'",
      ]);
    }
  });

  it('lists many wrong lines, but not all of them', async () => {
    expect((await errors('0,A,1\n'.repeat(5) + '0,A,x\n'.repeat(3))).length).toBe(3);
    expect((await errors('0,A,x\n'.repeat(1000))).length).toBe(20);
  });

  it('too many types are no types', async () => {
    const text = Array.from({ length: 1025 }, (_, i) => `${i},T${i},1\n`).join('');
    expect(await errors(text)).toEqual([
      "t.csv:1025: type: expected at most 1024 different types, found 'T1024' as another",
    ]);
    expect((await scan(text.slice(0, text.lastIndexOf('\n1024,')))).types.length).toBe(1024);
  });

  it('one that changed after the first pass is noticed', async () => {
    const summary = await scan(GOOD);
    expect(await complaints(() => drain(openTrace([bytes('0,GET,1\n1,NEW,1\n')], summary)))).toEqual([
      "t.csv:2: type: expected one of GET, SCAN, PUT, found 'NEW': the file has changed since it was checked",
    ]);
  });
});
