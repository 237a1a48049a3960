import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Collector } from '../../src/data/import/collector.js';
import { cellsOf, DelimitedReader } from '../../src/data/import/delimited.js';
import { Endpoint } from '../../src/data/import/endpoint.js';
import { readDistributions } from '../../src/data/import/histogram-logs.js';
import { NameTable } from '../../src/data/import/name-table.js';
import { type Moment, readDecimal, readTime, TIME_FORMS } from '../../src/data/import/read-time.js';
import { RowStore } from '../../src/data/import/row-store.js';
import { type WriteRow, writeTrace } from '../../src/data/import/trace-writer.js';
import { KnownValues } from '../../src/metrics/histogram.js';
import { InputError } from '../../src/units/errors.js';
import { distributionLogs, LOGS } from './log-samples.js';
import { importFile, rowsOf } from './logs.js';
import { otlpLog, type Served } from './otel-spans.js';

const folder = mkdtempSync(join(tmpdir(), 'psp-formats-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

describe('times', () => {
  const written: Readonly<Record<(typeof TIME_FORMS)[number], (seconds: number, ns: number) => string>> = {
    iso: (seconds, ns) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(ns).padStart(9, '0')}Z`,
    clf: (seconds, ns) => {
      const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(new Date(seconds * 1000).toUTCString())!;
      return `${day}/${month}/${year}:${time}.${String(ns).padStart(9, '0')} +0000`;
    },
    'epoch-s': (seconds, ns) => `${seconds}.${String(ns).padStart(9, '0')}`,
    'epoch-ms': (seconds, ns) =>
      `${BigInt(seconds) * 1000n + BigInt(Math.floor(ns / 1e6))}.${String(ns % 1e6).padStart(6, '0')}`,
    'epoch-us': (seconds, ns) =>
      `${BigInt(seconds) * 1000000n + BigInt(Math.floor(ns / 1e3))}.${String(ns % 1e3).padStart(3, '0')}`,
    'epoch-ns': (seconds, ns) => `${BigInt(seconds) * 1000000000n + BigInt(ns)}`,
  };

  test.each(TIME_FORMS)('as %s are read to the nanosecond', (form) => {
    const moment = fc.tuple(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 0, max: 999_999_999 }));
    fc.assert(
      fc.property(moment, ([seconds, ns]) => {
        const text = bytes(written[form](seconds, ns));
        const found: Moment = { seconds: 0, ns: 0 };
        expect(readTime(text, 0, text.length, form, found)).toBe(true);
        expect([found.seconds, Math.round(found.ns)]).toEqual([seconds, ns]);
      }),
    );
  });

  test.each([
    ['2024-03-01 13:00:00,5+01:00', 'iso', 1_709_294_400, 500_000_000],
    ['01/Mar/2024:07:00:00 -0500', 'clf', 1_709_294_400, 0],
    ['2000-02-29T23:59:59', 'iso', 951_868_799, 0],
    ['25', 'epoch-ms', 0, 25_000_000],
    ['7', 'epoch-ns', 0, 7],
  ] as const)('%s as %s', (text, form, seconds, ns) => {
    const found: Moment = { seconds: 0, ns: 0 };
    expect(readTime(bytes(text), 0, text.length, form, found)).toBe(true);
    expect(found).toEqual({ seconds, ns });
  });

  test.each(['', '-', '12:00', '2024-13-01T00:00:00Z', '2024-01-01T00:00:00Zx', '1.2.3', '1e9', ' 5'])(
    '%j is none',
    (text) => {
      for (const form of TIME_FORMS)
        expect(readTime(bytes(text), 0, text.length, form, { seconds: 0, ns: 0 })).toBe(false);
    },
  );

  test('decimals are those of JavaScript', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (value) => {
        const text = bytes(String(value));
        expect(readDecimal(text, 0, text.length)).toBeCloseTo(
          value,
          Math.max(0, 12 - Math.ceil(Math.log10(value + 1))),
        );
      }),
    );
    for (const text of ['', '-1', 'x', '1x', '1.2.3', '.', 'Infinity', 'NaN', '0x1']) {
      expect(readDecimal(bytes(text), 0, text.length)).toBeNaN();
    }
  });
});

describe('cells', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', ';') });
  const quotedCell = (text: string) => `"${text.replaceAll('"', '""')}"`;

  test('are what was written, however quoted and wherever the chunks end', () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 30 }), (names, size) => {
        const lines = names.map((name, i) => `${i},${quotedCell(`x${name}x`)},${i + 1}`);
        const collector = new Collector(
          {
            names: ['t', 'type', 'd'],
            time: { column: 0, form: 'epoch-s' },
            timeIs: 'arrival',
            type: [1],
            duration: { column: 2, unit: 'ns', unitNs: 1 },
            isService: true,
            where: [],
          },
          'f',
          64,
        );
        const reader = new DelimitedReader(collector, 0x2c, 3, false);
        const text = bytes(lines.join('\r\n'));
        for (let at = 0; at < text.length; at += size) reader.parse(text.slice(at, at + size));
        reader.finish();
        collector.store.finish();
        expect(collector.unreadable.count).toBe(0);
        const rows = [...collector.store.read()].flatMap(({ length, durationNs, type }) =>
          Array.from({ length }, (_, i) => [durationNs[i], collector.names.names[type[i]!]]),
        );
        expect(rows.map(([duration]) => duration)).toEqual(names.map((_, i) => i + 1));
      }),
    );
  });

  test('of a first line', () => {
    expect(cellsOf('a, "b,c" ,"d""e",', ',')).toEqual(['a', '"b', 'c"', 'd"e', '']);
    expect(cellsOf('a;"b;c"', ';')).toEqual(['a', 'b;c']);
  });

  test('rows come back in the order of arrival, equal ones in that of the log, from memory and from disk', () => {
    const time = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(
        fc.array(time, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 2, max: 400 }),
        (times, runRows) => {
          const store = new RowStore(runRows);
          for (const [i, ns] of times.entries()) store.add(ns, i, i % 7);
          store.finish();
          const read = () =>
            [...store.read()].flatMap((rows) =>
              Array.from({ length: rows.length }, (_, i) => [rows.arrivalNs[i], rows.durationNs[i], rows.type[i]]),
            );
          const expected = times.map((ns, i) => [ns, i, i % 7]).sort((a, b) => a[0]! - b[0]!);
          expect(read()).toEqual(expected);
          expect(read()).toEqual(expected);
          store.close();
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('a log is recognised', () => {
  test.each(Object.keys(LOGS))('%s', async (name) => {
    const { kind, rows, columns } = await rowsOf(LOGS[name]!, folder);
    expect(kind).toBe(name);
    const types = rows.map(([, type]) => type);
    expect(new Set(types)).toEqual(new Set(['GET /item/:id', 'POST /order']));
    // Access logs have whole seconds or ms.
    if (name === 'nginx') return expect(columns.timeIs).toBe('completion');
    expect(rows.map(([at]) => at)).toEqual([0, 20_000_000]);
    expect(rows[0]![2]).toBe(5_000_000);
    expect(columns.isService).toBe(['azure-functions-2021', 'persephone'].includes(name));
    return undefined;
  });

  test('and is the same when it is zipped', async () => {
    const path = join(folder, 'z.csv.gz');
    writeFileSync(path, gzipSync(LOGS.csv!));
    const { log } = await importFile(path, { folder, isService: true });
    expect(log.types).toEqual(['GET /item/:id', 'POST /order']);
  });

  test('of a real OpenTelemetry exporter gives back the requests that its spans stand for', async () => {
    const requests = Array.from({ length: 100 }, (_, i): Served => {
      const route = ['GET /item/:id', 'POST /order, "now"', 'é'][i % 3]!;
      return [i * 999_999_937, route, 1 + ((i * 104_729) % 2_000_000_000)];
    });
    const { kind, rows, columns, log } = await rowsOf(await otlpLog(requests), folder);
    expect([kind, columns.timeIs, log.collector.skipped, log.collector.unreadable.count]).toEqual([
      'otlp',
      'arrival',
      requests.length,
      0,
    ]);
    expect(rows).toEqual(requests);
  });

  test('with a given format', async () => {
    const text = '1709294400.123 0.005 GET /item/99\n1709294400.223 0.001 POST /order\n';
    const nginx = await rowsOf(text, folder, { logFormat: '$msec $request_time $request_method $uri' });
    expect(nginx.rows).toEqual([
      [0, 'GET /item/:id', 5e6],
      [104e6, 'POST /order', 1e6],
    ]);
    const haproxy = await rowsOf('5 [01/Mar/2024:12:00:00.000] "GET /x HTTP/1.1"\n', folder, {
      logFormat: '%Ta [%tr] %{+Q}r',
    });
    expect(haproxy.rows).toEqual([[0, 'GET /x', 5e6]]);
  });

  test.each(Object.entries(distributionLogs()))('%s, with its distribution', (kind, text) => {
    const found = readDistributions(text, 'f')!;
    expect(found.kind).toBe(kind);
    const [type] = found.types;
    const values = new KnownValues(type!.demands);
    expect(values.count).toBeCloseTo(1100, 0);
    const [p50, p99] = values.quantiles([0.5, 0.99]).map(({ value }) => value);
    expect(Math.abs(p50! / 5e6 - 1)).toBeLessThan(0.03);
    expect(Math.abs(p99! / 100e6 - 1)).toBeLessThan(0.03);
  });

  test.each([
    ['GET /item/17?x=1 HTTP/1.1', 'GET /item/:id'],
    ['/a/0f7e8d9c0a1b2c3d4e5f/b', '/a/:id/b'],
    ['GET https://h/x#y HTTP/2', 'GET /x'],
    ['/v2/users', '/v2/users'],
    ['checkout', 'checkout'],
    ['op 17 done', 'op 17 done'],
    ['GET /a/0b0e4b4c-8f3e-4f62-9d7e-0123456789ab/x#y', 'GET /a/:id/x'],
    ['GET /a/session_0123456789-ABCDEF', 'GET /a/:id'],
    ['GET /a/not-an-identifier-but-long', 'GET /a/not-an-identifier-but-long'],
    ['GET /a/cafe/beefbeefbee', 'GET /a/cafe/beefbeefbee'],
    ['https://h.example/1/2', '/:id/:id'],
    ['GET https://h', 'GET '],
    ['/a b', '/a b'],
    ['GET /1 and more', 'GET /1 and more'],
    ['GET //1/', 'GET //:id/'],
    ['/é/1', '/é/:id'],
    ['/', '/'],
    ['', ''],
  ])('%s is one of %s', (request, name) => {
    const endpoint = new Endpoint();
    const text = bytes(`"${request}"`);
    endpoint.take(text, 1, text.length - 1);
    expect(new TextDecoder().decode(endpoint.bytes.subarray(0, endpoint.length))).toBe(name);
  });

  test('more spellings than are remembered still have their names', () => {
    const names = new NameTable();
    const endpoint = new Endpoint();
    for (let i = 0; i < 60_000; i++) {
      const text = bytes(i < 59_999 ? `/u${i}` : '/late');
      endpoint.take(text, 0, text.length);
      const number = names.numberOf(endpoint.bytes, 0, endpoint.length, (path) => (path === '/late' ? 'LATE' : 'U'));
      expect(number).toBe(i < 59_999 ? 0 : 1);
    }
  });
});

test('the numbers of a trace are written as JavaScript writes them', async () => {
  const whole = [0, 9, 10, 99_999_999, 1e8, 1e8 + 1, 1_099_999_999, 2 ** 31, 123_456_789_012, 2 ** 53 - 1];
  const path = join(folder, 'written.csv.gz');
  await writeTrace(path, ['a, "b"', 'é'], function* (row) {
    for (const [i, ns] of whole.entries()) row(ns, i % 2, whole.at(-1 - i)!);
    yield;
  });
  const lines = whole.map((ns, i) => `${ns},${['"a, ""b"""', 'é'][i % 2]},${whole.at(-1 - i)}\n`);
  expect(gunzipSync(readFileSync(path)).toString()).toBe(`arrival_ns,type,service_ns\n${lines.join('')}`);
});

describe('a trace that cannot be written whole', () => {
  function* manyRows(row: WriteRow): Iterable<undefined> {
    for (let i = 0; i < 600_000; i++) {
      row(i * 1e6 + ((i * 2654435761) % 1e6), 0, (i * 40503) % 1e6);
      if (i % 1000 === 0) yield;
    }
    throw new InputError('the log ends here');
  }

  test('is not there, when its rows fail', async () => {
    const place = mkdtempSync(join(folder, 'failing-'));
    await expect(writeTrace(join(place, 'trace.csv.gz'), ['A'], manyRows)).rejects.toThrow('the log ends here');
    expect(readdirSync(place)).toEqual([]);
  });

  test('is an error when the disk is full', async () => {
    await expect(writeTrace('/dev/full', ['A'], manyRows)).rejects.toThrow('/dev/full: cannot be written: ENOSPC');
  });
});

describe('what cannot be used is refused, with file and line', () => {
  test.each([
    ['', /^the\.log:1: expected a log, found an empty file/],
    ['hello\nworld\n', /^the\.log:1: expected CSV, JSON lines/],
    ['a,b\n1,2\n', /expected a column with the time of a request/],
    ['time,type\n2024-03-01T12:00:00Z,A\n', /without it nobody can know the demand/],
    [
      `time,ms\n${'2024-03-01T12:00:00Z,5\n'.repeat(3)}x,5\n2024-03-01T12:00:00Z,-5\n`,
      /the\.log:5: time: .*\n.*the\.log:6/,
    ],
    [`time,ms\n${'2024-03-01T12:00:00Z,5\n'.repeat(3)}1,2,3\n`, /the\.log:5: expected 2 cells, found 3/],
  ])('%j', async (text, message) => {
    await expect(rowsOf(text, folder)).rejects.toThrow(message);
  });

  test('a few unreadable rows are counted and named', async () => {
    const text = `time,ms\n${'2024-03-01T12:00:00Z,5\n'.repeat(300)}oops\n`;
    const { log } = await rowsOf(text, folder);
    expect(log.collector.unreadable).toMatchObject({ count: 1, named: [{ file: 'the.log', line: 302 }] });
  });

  test('columns of odd names are found, with their units, and can be named', async () => {
    const names = '"When (UTC)";"What, exactly";"Resp (msec)";Pod name;rt µs';
    const rows = Array.from({ length: 4 }, (_, i) => `2024-03-01 12:00:00.${100 + i};"GET /item/:id";${i};p${i % 2};7`);
    const text = [names, ...rows].join('\n');
    const { columns } = await rowsOf(text, folder);
    expect(columns).toMatchObject({
      time: { column: 0, form: 'iso' },
      type: [1],
      duration: { column: 2, unit: 'ms' },
    });
    const both = await rowsOf(text, folder, {
      columns: { type: '"What, exactly",Pod name', duration: { column: 'rt µs' } },
    });
    expect(both.columns).toMatchObject({ type: [1, 3], duration: { column: 4, unit: 'us' } });
    expect((await rowsOf(text, folder, { columns: { type: 'What, exactly' } })).columns.type).toEqual([1]);
    await expect(rowsOf(text, folder, { columns: { type: 'What' } })).rejects.toThrow(
      `--type: unknown column 'What': the.log has When (UTC), "What, exactly", Resp (msec), Pod name, rt µs`,
    );
    await expect(rowsOf(text, folder, { columns: { type: '"What' } })).rejects.toThrow('--type: expected a second "');
    const long = await rowsOf(`time,ms,${'x'.repeat(9000)}\n1,2,3\n`, folder, { columns: { type: 'y' } }).catch(String);
    expect(long).toContain(`the.log has time, ms, ${'x'.repeat(60)}…`);
    expect(long).toMatch(/x…$/);
    const unknown = text.replace('Resp (msec)', 'Zeit').replace('rt µs', 'x');
    await expect(rowsOf(unknown, folder)).rejects.toThrow("found none among 'When (UTC)', 'What, exactly', 'Zeit'");
  });

  test.each([
    ...[
      ['took_ns', 'ns'],
      ['latencyUs', 'us'],
      ['elapsed microseconds', 'us'],
      ['latency [ms]', 'ms'],
    ],
    ...[
      ['duration_seconds', 's'],
      ['duration_sec', 's'],
      ['request_time', 's'],
      ['latency', 'ms'],
      ['rt(usec)', 'us'],
    ],
    ...[
      ['duration msecs', 'ms'],
      ['response time (s)', 's'],
      ['resp', 'ms'],
      ['latency_millis', 'ms'],
    ],
  ])('%s is in %s', async (name, unit) => {
    const { columns } = await rowsOf(`time,${name}\n2024-03-01T12:00:00Z,5\n`, folder);
    expect(columns.duration.unit).toBe(unit);
  });

  test('columns that are not there, and forms that are none', async () => {
    const column = (options: object) => rowsOf(LOGS.csv!, folder, { columns: options });
    await expect(column({ type: ['endpont'] })).rejects.toThrow(
      "--type: unknown column 'endpont': did you mean 'endpoint'?",
    );
    await expect(column({ duration: { column: '4', unit: 'h' } })).rejects.toThrow('--duration: expected a unit');
    await expect(column({ time: { column: '2', form: 'unix' } })).rejects.toThrow('--time: expected one of iso');
  });

  test('rare types become one', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `2024-03-01T12:00:00Z,${i < 30 ? `T${i % 3}` : `R${i}`},5`);
    const { rows: read, log } = await rowsOf(`time,type,ms\n${rows.join('\n')}\n`, folder, { typesMax: 4 });
    expect(log.types).toEqual(['T0', 'T1', 'T2', 'OTHER']);
    expect(log.others).toBe(10);
    expect(read.filter(([, type]) => type === 'OTHER').length).toBe(10);
  });
});
