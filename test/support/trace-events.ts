/**
 * Says what is wrong with a document of the Trace Event Format (Google, "Trace Event Format", sections "JSON Object
 * Format" and "Event Descriptions"). Written from that description alone, not from how psp makes one. Knows flows and
 * the kinds of events that stand alone, and complains of all others.
 */
export function traceComplaints(text: string): string[] {
  const complaints: string[] = [];
  const check = (fine: boolean, complaint: string) => {
    if (!fine && complaints.length < 20) complaints.push(complaint);
  };
  const document = JSON.parse(text) as { traceEvents?: unknown; displayTimeUnit?: unknown };
  check(Array.isArray(document.traceEvents), 'traceEvents is no array');
  check([undefined, 'ms', 'ns'].includes(document.displayTimeUnit as string), 'displayTimeUnit is neither ms nor ns');
  const events = document.traceEvents as Event[];
  const isTime = (x: unknown) => typeof x === 'number' && Number.isFinite(x) && x >= 0;
  const isText = (x: unknown): x is string => typeof x === 'string' && x !== '';

  let lastTs = 0;
  for (const [i, event] of events.entries()) {
    const at = `event ${i} (${JSON.stringify(event).slice(0, 120)})`;
    check(isText(event.name), `${at}: no name`);
    check(Number.isInteger(event.pid), `${at}: no pid`);
    const allowed = FIELDS[event.ph];
    check(allowed !== undefined, `${at}: unknown phase`);
    if (!allowed) continue;
    const strange = Object.keys(event).filter((key) => ![...COMMON, ...allowed].includes(key));
    check(strange.length === 0, `${at}: a '${event.ph}' has no ${strange.join()}`);
    if (event.ph === 'M') {
      const key = METADATA[event.name];
      check(key !== undefined && typeof event.args?.[key[0]] === key[1], `${at}: not the argument of its metadata`);
      check(event.name.startsWith('process_') || Number.isInteger(event.tid), `${at}: no tid`);
      continue;
    }
    check(isTime(event.ts), `${at}: no ts`);
    check(event.ts! >= lastTs, `${at}: comes after a later one`);
    lastTs = event.ts!;
    if (event.ph !== 'C') check(Number.isInteger(event.tid), `${at}: no tid`);
    if (event.ph === 'X') check(isTime(event.dur), `${at}: no dur`);
    if (event.ph === 'i') check(['g', 'p', 't'].includes(event.s!), `${at}: no scope`);
    if (event.ph === 'C') {
      const values = Object.values(event.args ?? {});
      check(values.length > 0 && values.every((x) => typeof x === 'number'), `${at}: a counter counts with numbers`);
    }
    if ('stf'.includes(event.ph)) check(isText(event.cat) && event.id !== undefined, `${at}: a flow has cat and id`);
  }

  const slices = events.filter(({ ph }) => ph === 'X');
  for (const row of grouped(slices, ({ pid, tid }) => `${pid}/${tid}`)) checkNesting(row, check);
  for (const flow of grouped(
    events.filter(({ ph }) => 'stf'.includes(ph)),
    ({ cat, name, id }) => `${cat}/${name}/${id}`,
  )) {
    const about = `flow ${flow[0]!.id}`;
    check(
      /^st*f$/.test(flow.map(({ ph }) => ph).join('')),
      `${about}: not one start, steps and one end, in this order`,
    );
    check(
      flow.every(({ ts }, i) => i === 0 || ts! >= flow[i - 1]!.ts!),
      `${about}: goes back in time`,
    );
    // Start and steps bind to the slice they lie in; so does an end with bp e, any other to the next one.
    for (const { pid, tid, ts, ph, bp } of flow) {
      if (ph === 'f') check(bp === 'e', `${about}: its end does not bind to the slice it lies in`);
      const inside = slices.some(
        (slice) => slice.pid === pid && slice.tid === tid && slice.ts! <= ts! && ts! <= slice.ts! + slice.dur!,
      );
      check(inside, `${about}: nothing to bind to at ${ts}`);
    }
  }
  return complaints;
}

interface Event {
  readonly name: string;
  readonly ph: string;
  readonly pid?: number;
  readonly tid?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly id?: number | string;
  readonly s?: string;
  readonly bp?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** Fields of every event, and the further fields of each phase. */
const COMMON = ['name', 'ph', 'pid', 'tid', 'ts', 'cat', 'args', 'cname'];
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  X: ['dur'],
  M: [],
  C: [],
  i: ['s'],
  s: ['id'],
  t: ['id'],
  f: ['id', 'bp'],
};
const METADATA: Readonly<Record<string, readonly [key: string, type: string]>> = {
  process_name: ['name', 'string'],
  thread_name: ['name', 'string'],
  thread_sort_index: ['sort_index', 'number'],
};

/**
 * Slices of one row lie within one another or apart. Times are decimal fractions of us, so less than a thousandth of a
 * ns is not an overlap.
 */
function checkNesting(slices: readonly Event[], check: (fine: boolean, complaint: string) => void): void {
  const open: number[] = [];
  for (const { ts, dur, tid } of slices) {
    while (open.length > 0 && open.at(-1)! <= ts! + 1e-6) open.pop();
    check(open.length === 0 || ts! + dur! <= open.at(-1)! + 1e-6, `row ${tid}: slices overlap at ${ts}`);
    open.push(ts! + dur!);
  }
}

function grouped<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups.values()];
}
