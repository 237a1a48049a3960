/** Random damage to plain data, as an attacker or a bad disk does it. */

export type Random = () => number;

const HOSTILE: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e9,
  2 ** 53,
  1e308,
  '',
  '../../../tmp/psp-fuzz',
  '/etc/passwd',
  '__proto__',
  'constructor',
  '\u001b]0;title\u0007\n',
  '=1+1',
  '&a [*a, *a]',
  'x'.repeat(100_000),
  [],
  {},
  [[]],
];

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

/** A copy with one to three places changed: a value replaced, a field removed, one added or one repeated. */
export function mutated(random: Random, data: unknown): unknown {
  const root = { data: structuredClone(data) as unknown };
  for (let i = 1 + Math.floor(random() * 3); i > 0; i--) change(random, pick(random, holdersIn(root)));
  return root.data;
}

type Holder = Record<string, unknown> | unknown[];

/** Every object and list, the root too. */
function holdersIn(holder: Holder): Holder[] {
  const below = Object.values(holder).filter((value) => typeof value === 'object' && value !== null) as Holder[];
  return [holder, ...below.flatMap(holdersIn)];
}

function change(random: Random, holder: Holder): void {
  const key = pick(random, Object.keys(holder));
  const hostile = structuredClone(pick(random, HOSTILE));
  if (Array.isArray(holder)) {
    if (random() < 0.3) holder.push(holder[Number(key)] ?? hostile);
    else if (random() < 0.5 && holder.length > 0) holder.splice(Number(key), 1);
    else holder[Number(key ?? 0)] = hostile;
    return;
  }
  const what = random();
  if (what < 0.2) holder[pick(random, ['record', 'path', 'file', 'toString', 'extra'])] = hostile;
  else if (key !== undefined && what < 0.4 && key !== 'data') delete holder[key];
  else if (key !== undefined) holder[key] = hostile;
}

/** Bytes with some flipped, cut off or repeated. */
export function damaged(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const what = random();
  if (what < 0.3) return copy.subarray(0, Math.floor(random() * copy.length));
  if (what < 0.4) return new Uint8Array([...copy, ...copy]);
  for (let i = 1 + Math.floor(random() * 8); i > 0; i--) copy[Math.floor(random() * copy.length)] = random() * 256;
  return copy;
}
