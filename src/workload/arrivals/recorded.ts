import { text } from '../../input/fields.js';
import { RequestBatch } from '../request-source.js';
import { TraceParser } from '../trace-parser.js';
import type { ArrivalKind, ArrivalProcess, Arrivals } from './arrival-process.js';

/** Recorded gaps, one after another. After the last, it begins again with the first. */
class RecordedProcess implements ArrivalProcess {
  private nowNs = 0;
  private next = 0;

  constructor(
    private readonly gaps: Float64Array,
    private readonly scale: number,
  ) {}

  restart(atNs: number): void {
    this.nowNs = atNs;
    this.next = 0;
  }

  fill(out: Float64Array, from: number, to: number, endNs: number): number {
    const { gaps, scale } = this;
    let now = this.nowNs;
    let next = this.next;
    let i = from;
    while (i < to) {
      now += gaps[next]! * scale;
      next = next + 1 < gaps.length ? next + 1 : 0;
      if (now >= endNs) break;
      out[i++] = Math.floor(now);
    }
    this.nowNs = now;
    this.next = next;
    return i;
  }
}

export const recorded: ArrivalKind = {
  name: 'trace',
  title: 'the gaps between the arrivals of a trace file, repeated and scaled to the rate',
  examples: [{ file: 'trace.csv' }],
  read(value, checker) {
    const p = checker.map({ file: text }, value);
    if (!p) return undefined;
    const here = checker.at('file');
    const csv = here.textOf(p.file);
    if (csv === undefined) return undefined;
    let right = true;
    const times = readArrivalTimes(csv, (line, message) => {
      // One wrong line is enough to show that the file is wrong.
      if (right) here.refuse(`${p.file}:${line}: ${message}`);
      right = false;
    });
    if (!right) return undefined;
    const span = times.length > 0 ? times[times.length - 1]! - times[0]! : 0;
    if (!(span > 0))
      return here.refuse(`expected arrivals at two different times at least, found ${times.length} in '${p.file}'`);
    return recordedOf(
      Float64Array.from(times.slice(1), (time, i) => time - times[i]!),
      span,
    );
  },
};

function recordedOf(gaps: Float64Array, spanNs: number): Arrivals {
  return {
    kind: 'trace',
    immediate: false,
    start: (meanGapNs) => new RecordedProcess(gaps, (meanGapNs * gaps.length) / spanNs),
  };
}

function readArrivalTimes(csv: string, refuse: (line: number, message: string) => void): number[] {
  const parser = new TraceParser(refuse);
  const bytes = new TextEncoder().encode(csv);
  const batch = new RequestBatch();
  const times: number[] = [];
  const take = () => {
    for (let i = 0; i < batch.length; i++) times.push(batch.arrivalNs[i]!);
    batch.length = 0;
  };
  for (let offset = 0; offset < bytes.length; take()) offset = parser.parse(bytes, offset, batch);
  parser.finish(batch);
  take();
  return times;
}
