import { isAbsolute, join } from 'node:path';
import type { Settings } from '../plan/plan.js';

const UNITS: readonly (readonly [string, number])[] = [
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
];

/** How each setting is typed. */
const OPTIONS: { readonly [K in keyof Settings]?: (value: NonNullable<Settings[K]>) => string } = {
  policies: (names) => `--policy ${names.join(',')}`,
  systems: (names) => `--system ${names.join(',')}`,
  workers: (n) => `--workers ${n}`,
  load: (x) => `--load ${x}`,
  rateRps: (rps) => `--rate ${rps}`,
  rateScale: (x) => `--rate-scale ${x}`,
  requests: (n) => `--requests ${n}`,
  durationNs: (ns) => `--duration ${exactDuration(ns)}`,
  seed: (seed) => `--seed ${seed}`,
  warmup: (share) => `--warmup ${share}`,
  replications: (n) => `--replications ${n}`,
  precision: ({ relative, statistic }) => `--precision ${percent(relative)}%:${statistic.replace('_', '.')}`,
  sliceNs: (ns) => `--slice ${exactDuration(ns)}`,
  maxReplications: (n) => `--max-replications ${n}`,
};

/** The `psp sim` command that runs the same. */
export function commandOf(settings: Settings, folder = '.'): string {
  const { workload } = settings;
  const options = Object.entries(OPTIONS).flatMap(([key, write]) => {
    const value = settings[key as keyof Settings];
    return value === undefined ? [] : [(write as (value: unknown) => string)(value)];
  });
  // A name stays; a file is found from the working directory.
  const found = /\./.test(workload) && !isAbsolute(workload) ? join(folder, workload) : workload;
  return ['psp sim --workload', quoted(found), ...options.map(quotedValue)].join(' ');
}

function quotedValue(option: string): string {
  const [name, ...value] = option.split(' ');
  return `${name} ${quoted(value.join(' '))}`;
}

function quoted(word: string): string {
  return /^[\w./:=,%+@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function exactDuration(ns: number): string {
  const [unit, size] = UNITS.find(([, size]) => ns % size === 0) ?? ['ns', 1];
  return `${ns / size}${unit}`;
}

function percent(share: number): number {
  return Number((share * 100).toPrecision(12));
}
