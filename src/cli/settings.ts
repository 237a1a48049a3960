import { MOST_LOAD, MOST_REPLICATIONS, MOST_WORKERS } from '../experiment/plan/limits.js';
import { DEFAULTS, type Settings } from '../experiment/plan/run-settings.js';
import type { Precision } from '../experiment/run/replicate.js';
import { STATISTIC_NAMED } from '../results/result.js';
import { parsePolicy } from '../scheduler/policy-registry.js';
import { parseDuration } from '../units/duration.js';
import { InputError } from '../units/errors.js';
import { splitList, typedName, unquoted } from '../units/lists.js';
import { hasHidden, lookUp, visible } from '../units/names.js';
import { parseRate } from '../units/rate.js';
import { withKnownFile } from './policy-names.js';

/** What `psp sim` can be told, by option or in a configuration file. */
export interface SimSettings extends Partial<Settings> {
  readonly json?: string;
  /** Where to draw what happened, and in which window of simulated time. */
  readonly timeline?: string;
  /** Simulated time, ns, or the type whose worst wait is shown. */
  readonly from?: number | WorstOf;
  readonly forNs?: number;
}

/** `worst:SHORT` */
export interface WorstOf {
  readonly worst: string;
}

export interface Setting {
  /** Its name as an option and in a file. */
  readonly key: string;
  /** The field it sets. */
  readonly field: keyof SimSettings;
  /** What stands for its value in the help. */
  readonly value: string;
  readonly help: string;
  /** What its text has to be, in words. */
  readonly expected: string;
  /** May be given several times. */
  readonly many?: true;
  /** Where lists are allowed, `from:to:step` stands for numbers, or for seeds. */
  readonly ranges?: 'numbers' | 'seeds';
  /** Settings of one group exclude one another. */
  readonly group?: 'offer' | 'end';
  /** Reads the text. Returns undefined when it is not what is expected, or throws an Error that says more. */
  parse(text: string): unknown;
}

function numberThat(fits: (x: number) => boolean): (text: string) => number | undefined {
  return (text) => {
    const value = /^[-+.\d]/.test(text) ? Number(text) : Number.NaN;
    return Number.isFinite(value) && fits(value) ? value : undefined;
  };
}

function wholeFrom1To(most: number): Pick<Setting, 'expected' | 'ranges' | 'parse'> {
  return {
    expected: `a whole number from 1 to ${most}`,
    ranges: 'numbers',
    parse: numberThat((x) => Number.isInteger(x) && x >= 1 && x <= most),
  };
}

/** A stretch of time. */
const LENGTH: Pick<Setting, 'expected' | 'ranges' | 'parse'> = {
  expected: 'a duration above 0 with its unit, such as 1us or 0.5 ms',
  ranges: 'numbers',
  parse: (text) => {
    const ns = Math.round(parseDuration(text));
    return ns >= 1 ? ns : undefined;
  },
};

export const SETTINGS: readonly Setting[] = [
  {
    key: 'workload',
    field: 'workload',
    value: 'NAME|FILE',
    help: 'one of `psp workloads`, or your own .yaml, .csv or .csv.gz',
    expected: 'the name of a workload, or a file',
    parse: unquoted,
  },
  {
    key: 'policy',
    field: 'policies',
    value: 'NAME[,NAME…]',
    help: `policies, with parameters as in ts:quantum=10us (default: ${DEFAULTS.policies.join(',')})`,
    expected: 'the name of a policy',
    many: true,
    parse: parsePolicies,
  },
  {
    key: 'system',
    field: 'systems',
    value: 'NAME|FILE[,…]',
    help: 'modelled systems: one of `psp systems`, or your own .yaml; together with --policy only one, for its costs',
    expected: 'the name of a system, or a file',
    many: true,
    parse: parseNames,
  },
  {
    key: 'load',
    field: 'load',
    value: 'X',
    help: `work offered, as a share of what the workers can do (default: ${DEFAULTS.load})`,
    expected: 'a number above 0, such as 0.8',
    ranges: 'numbers',
    group: 'offer',
    parse: numberThat((x) => x > 0 && x <= MOST_LOAD),
  },
  {
    key: 'rate',
    field: 'rateRps',
    value: 'RPS',
    help: 'requests per second instead, such as 250k or 1.5M',
    expected: 'a rate, such as 250k or 1.5M',
    ranges: 'numbers',
    group: 'offer',
    parse: parseRate,
  },
  {
    key: 'rate-scale',
    field: 'rateScale',
    value: 'X',
    help: 'multiply the rate of a trace',
    expected: 'a number above 0, such as 1.5',
    ranges: 'numbers',
    group: 'offer',
    parse: numberThat((x) => x > 0 && x <= MOST_LOAD),
  },
  {
    key: 'workers',
    field: 'workers',
    value: 'N',
    help: `cores that serve requests (default: ${DEFAULTS.workers})`,
    ...wholeFrom1To(MOST_WORKERS),
  },
  {
    key: 'requests',
    field: 'requests',
    value: 'N',
    help: 'end after this many requests, such as 10M (default: 2M, one cycle of the phases, or the whole trace)',
    expected: 'a whole number above 0, such as 1e6 or 10M',
    ranges: 'numbers',
    group: 'end',
    parse: parseCount,
  },
  {
    key: 'duration',
    field: 'durationNs',
    value: 'TIME',
    help: 'end after this much simulated time, such as 5s',
    ...LENGTH,
    group: 'end',
  },
  {
    key: 'unclassified',
    field: 'unclassified',
    value: 'X%',
    help: 'share of the requests whose type policies are not told (default: as the workload says, else 0%)',
    expected: 'a share from 0% to 100%',
    parse: parseShare,
  },
  {
    key: 'seed',
    field: 'seed',
    value: 'S',
    help: `seed of all random numbers (default: ${DEFAULTS.seed})`,
    expected: 'one seed, in quotes when it has commas',
    ranges: 'seeds',
    parse: parseSeed,
  },
  {
    key: 'warmup',
    field: 'warmup',
    value: 'FRACTION',
    help: `share of the run that is not measured (default: until settled; ${DEFAULTS.warmup} with phases or traces)`,
    expected: 'a number from 0 to below 1',
    ranges: 'numbers',
    parse: numberThat((x) => x >= 0 && x < 1),
  },
  {
    key: 'replications',
    field: 'replications',
    value: 'N',
    help: 'repeat every run with N independent seeds, for reliable confidence intervals (default: 1)',
    ...wholeFrom1To(MOST_REPLICATIONS),
  },
  {
    key: 'precision',
    field: 'precision',
    value: 'X%[:pQ[:TYPE]]',
    help: 'repeat until the p99.9 slowdown (or :p50, :p99, :mean) of every type, or of TYPE, is known within X %',
    expected: `a share such as 5%, 5%:p99 (one of ${Object.keys(STATISTIC_NAMED).join(', ')}) or 5%:p99:TYPE`,
    parse: parsePrecision,
  },
  {
    key: 'max-replications',
    field: 'maxReplications',
    value: 'N',
    help: `most replications for --precision (default: ${DEFAULTS.maxReplications})`,
    ...wholeFrom1To(MOST_REPLICATIONS),
  },
  {
    key: 'slice',
    field: 'sliceNs',
    value: 'TIME',
    help: 'also report each slice of this length by itself, in the JSON',
    ...LENGTH,
  },
  {
    key: 'record',
    field: 'record',
    value: 'FILE',
    help: 'write every event and decision of the scheduler, for psp replay; only with one policy',
    expected: 'a file',
    parse: (text) => text,
  },
  {
    key: 'timeline',
    field: 'timeline',
    value: 'FILE',
    help:
      'draw what ran where: .svg, .png or .pdf with all policies in one picture; .json for ui.perfetto.dev, ' +
      'one per policy',
    expected: 'a file whose name ends in .svg, .png, .pdf or .json',
    parse: (text) => (/\.(json|svg|png|pdf)$/i.test(text) ? text : undefined),
  },
  {
    key: 'from',
    field: 'from',
    value: 'TIME|worst:TYPE',
    help: 'when the timeline begins, or around the worst wait of a type (default: after the warm-up)',
    expected: 'a duration with its unit, such as 1us or 0.5 ms, or worst:TYPE',
    parse: parseFrom,
  },
  {
    key: 'for',
    field: 'forNs',
    value: 'TIME',
    help: 'how long the timeline is (default: 1ms; around a worst wait, as long as that needs)',
    ...LENGTH,
  },
  {
    key: 'json',
    field: 'json',
    value: 'FILE|-',
    help: 'write the results as JSON, - for stdout',
    expected: 'a file, or - for stdout',
    parse: (text) => text,
  },
];

/** The setting of a key that is there. */
export function settingOf(key: string): Setting {
  return SETTINGS.find((each) => each.key === key)!;
}

/**
 * Reads one setting.
 *
 * @param where what to begin a complaint with: `--load`
 * @throws InputError
 */
export function parseSetting(setting: Setting, text: string, where: string): unknown {
  return asInput(where, () => parseText(setting, text));
}

/** Returns what `read` returns. What it throws becomes an InputError that begins with `where`. */
export function asInput<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InputError(`${where}: ${(error as Error).message}`);
  }
}

/** @throws Error that says what was expected and what was found */
export function parseText(setting: Setting, given: string): unknown {
  const text = given.trim();
  if (text === '') throw new Error(`expected ${setting.expected}, found nothing`);
  if (hasHidden(text)) throw new Error(`expected text without control characters, found '${visible(text)}'`);
  const parsed = withHint(listHint(setting, text), () => setting.parse(text));
  if (parsed !== undefined) return parsed;
  throw new Error(`expected ${setting.expected}, found '${text}'${listHint(setting, text)}`);
}

/** Returns what `read` returns, and adds the hint to what it throws. */
export function withHint<T>(hint: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`${(error as Error).message}${hint}`);
  }
}

/** `from:to:step`. */
export const RANGE = /^([^:]+):([^:]+):([^:]+)$/;
/** A range of seeds, or the beginning of one. Other texts with colons are seeds. */
export const SEED_RANGE = /^(\d+):(\d+)(?::(\d+))?$/;

/** Some people write a comma in decimals: `1,5M`, `ts:quantum=1,5us`. */
export function commaHint({ field, ranges }: Setting, text: string): string {
  const isDecimal = field === 'policies' ? /=\d*,\d/.test(text) : ranges === 'numbers' && /^\d*,\d+\w*$/.test(text);
  return isDecimal ? ` in '${text}': decimals have a point, and a comma separates values` : '';
}

/** What to say of a list or a range where one value is expected. */
function listHint(setting: Setting, text: string): string {
  const { ranges } = setting;
  if (!ranges) return commaHint(setting, text);
  if (text.includes(',')) return `: ${ranges === 'seeds' ? '' : 'decimals have a point, and '}lists are for psp sweep`;
  return RANGE.test(text) || SEED_RANGE.test(text) ? ': ranges are for psp sweep' : '';
}

/** The settings of the first, less those that the second excludes, and the second. */
export function override<T extends object>(settings: T, by: T): T {
  const groups = new Set(SETTINGS.filter(({ field }) => field in by).map(({ group }) => group));
  const excluded = SETTINGS.filter(({ group }) => group && groups.has(group)).map(({ field }) => field as string);
  return { ...Object.fromEntries(Object.entries(settings).filter(([field]) => !excluded.includes(field))), ...by } as T;
}

/** The first two settings that exclude each other, if there are any. */
export function conflict(
  settings: Readonly<Partial<Record<keyof SimSettings, unknown>>>,
): readonly [Setting, Setting] | undefined {
  const given = SETTINGS.filter(({ field, group }) => group && settings[field] !== undefined);
  for (const first of given) {
    const second = given.find((other) => other !== first && other.group === first.group);
    if (second) return [first, second];
  }
  return undefined;
}

function parseFrom(text: string): number | WorstOf | undefined {
  const worst = /^worst:(.+)$/.exec(text)?.[1];
  return worst === undefined ? Math.round(parseDuration(text)) : { worst: unquoted(worst) };
}

function parsePolicies(text: string): string[] {
  const names = splitList(text, ',').map(withKnownFile);
  for (const name of names) parsePolicy(name);
  return names;
}

function parseNames(text: string): string[] | undefined {
  const names = splitList(text, ',').map(unquoted);
  return names.includes('') ? undefined : names;
}

function parsePrecision(text: string): Precision | undefined {
  const match = /^([\d.]+)\s*%(?::([^:]*))?(?::(.+))?$/.exec(text);
  const percent = Number(match?.[1]);
  const statistic = lookUp(STATISTIC_NAMED, match?.[2] ?? 'p99.9');
  if (!(percent > 0 && percent <= 100) || statistic === undefined) return undefined;
  return { relative: percent / 100, statistic, ...(match?.[3] !== undefined && { type: typedName(match[3]) }) };
}

export function parseShare(text: string): number | undefined {
  const value = Number(/^([\d.]+)\s*%$/.exec(text)?.[1] ?? Number.NaN) / 100;
  return text === '0' ? 0 : value >= 0 && value <= 1 ? value : undefined;
}

function parseSeed(text: string): string | undefined {
  return unquoted(text) === text && (text.includes(',') || SEED_RANGE.test(text)) ? undefined : unquoted(text);
}

const COUNT = /^(\d+\.?\d*|\.\d+)(e\d+)?\s*([kMG]?)$/;
const MULTIPLE: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

function parseCount(text: string): number | undefined {
  const match = COUNT.exec(text);
  if (!match) return undefined;
  const count = Math.round(Number(match[1]! + (match[2] ?? '')) * MULTIPLE[match[3]!]! * 1e6) / 1e6;
  return Number.isSafeInteger(count) && count >= 1 ? count : undefined;
}
