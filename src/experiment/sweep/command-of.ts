import { exactDuration } from '../../units/duration.js';
import { inShell, quoted } from '../../units/lists.js';
import type { Settings } from '../plan/run-settings.js';

/** The option of each setting. */
const OPTIONS: { readonly [K in keyof Settings]?: (value: NonNullable<Settings[K]>) => string } = {
  policies: (names) => `--policy ${names.join(',')}`,
  systems: (names) => `--system ${names.map((name) => quoted(name)).join(',')}`,
  workers: (n) => `--workers ${n}`,
  load: (x) => `--load ${x}`,
  rateRps: (rps) => `--rate ${rps}`,
  rateScale: (x) => `--rate-scale ${x}`,
  requests: (n) => `--requests ${n}`,
  durationNs: (ns) => `--duration ${exactDuration(ns)}`,
  // Colons would make a range of digits.
  seed: (seed) => `--seed ${quoted(seed, /^[\d:]+$/.test(seed) ? ',:' : ',')}`,
  warmup: (share) => `--warmup ${share}`,
  replications: (n) => `--replications ${n}`,
  precision: ({ relative, statistic, type }) => {
    const ofType = type === undefined ? '' : `:${quoted(type)}`;
    return `--precision ${percent(relative)}%:${statistic.replace('_', '.')}${ofType}`;
  },
  unclassified: (share) => `--unclassified ${percent(share)}%`,
  sliceNs: (ns) => `--slice ${exactDuration(ns)}`,
  maxReplications: (n) => `--max-replications ${n}`,
};

/** The `psp sim` command of the same run. */
export function commandOf(settings: Settings): string {
  const options = Object.entries(OPTIONS).flatMap(([key, write]) => {
    const value = settings[key as keyof Settings];
    return value === undefined ? [] : [(write as (value: unknown) => string)(value)];
  });
  return ['psp sim --workload', inShell(quoted(settings.workload)), ...options.map(optionInShell)].join(' ');
}

function optionInShell(option: string): string {
  const [name, ...value] = option.split(' ');
  return `${name} ${inShell(value.join(' '))}`;
}

function percent(share: number): number {
  return Number((share * 100).toPrecision(12));
}
