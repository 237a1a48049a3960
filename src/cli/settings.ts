import { DEFAULTS, type Settings } from '../experiment/plan/plan.js';
import type { Precision } from '../experiment/run/replicate.js';
import { STATISTIC_NAMED } from '../results/result.js';
import { parsePolicy } from '../scheduler/policy-registry.js';
import { parseDuration } from '../units/duration.js';
import { InputError } from '../units/errors.js';
import { parseRate } from '../units/rate.js';

/** What `psp sim` can be told, by option or in a configuration file. */
export interface SimSettings extends Partial<Settings> {
  readonly json?: string;
  /** Where to draw what happened, and of which window of simulated time. */
  readonly timeline?: string;
  readonly fromNs?: number;
  readonly forNs?: number;
}

export interface Setting {
  /** Its name in both places. */
  readonly key: string;
  /** The field it sets. */
  readonly field: keyof SimSettings;
  readonly value: string;
  readonly help: string;
  /** May be given several times. */
  readonly many?: true;
  /** Settings of one group exclude one another. */
  readonly group?: 'offer' | 'end';
  /** Reads the text. @throws Error that says what was expected and what was found */
  parse(text: string): unknown;
}

const MOST_WORKERS = 65_536;

export const SETTINGS: readonly Setting[] = [
  {
    key: 'workload',
    field: 'workload',
    value: 'NAME|FILE',
    help: 'one of `psp workloads`, or your own .yaml, .csv or .csv.gz',
    parse: (text) => text,
  },
  {
    key: 'policy',
    field: 'policies',
    value: 'NAME[,NAME…]',
    help: `policies to compare, with parameters as ts:quantum=10us (default: ${DEFAULTS.policies.join(',')})`,
    many: true,
    parse: parsePolicies,
  },
  {
    key: 'system',
    field: 'systems',
    value: 'NAME|FILE[,…]',
    help: 'machines to simulate, with what they cost: `psp systems`, or your own .yaml; with --policy one, for its costs',
    many: true,
    parse: (text) => text.split(',').map((name) => name.trim()),
  },
  {
    key: 'load',
    field: 'load',
    value: 'X',
    help: `work offered, as a share of what the workers can do (default: ${DEFAULTS.load})`,
    group: 'offer',
    parse: (text) => parseNumber(text, 'a number above 0, such as 0.8', (x) => x > 0),
  },
  {
    key: 'rate',
    field: 'rateRps',
    value: 'RPS',
    help: 'requests per second instead, such as 250k or 1.5M',
    group: 'offer',
    parse: parseRate,
  },
  {
    key: 'rate-scale',
    field: 'rateScale',
    value: 'X',
    help: 'multiply the rate of a trace',
    group: 'offer',
    parse: (text) => parseNumber(text, 'a number above 0, such as 1.5', (x) => x > 0),
  },
  {
    key: 'workers',
    field: 'workers',
    value: 'N',
    help: `cores that serve requests (default: ${DEFAULTS.workers})`,
    parse: (text) =>
      parseNumber(
        text,
        `a whole number from 1 to ${MOST_WORKERS}`,
        (x) => Number.isInteger(x) && x >= 1 && x <= MOST_WORKERS,
      ),
  },
  {
    key: 'requests',
    field: 'requests',
    value: 'N',
    help: 'end after so many requests, such as 1e6 or 10M (default: 2M, one cycle of a workload’s phases, a whole trace)',
    group: 'end',
    parse: parseCount,
  },
  {
    key: 'duration',
    field: 'durationNs',
    value: 'TIME',
    help: 'end after so much simulated time, such as 5s',
    group: 'end',
    parse: parseLength,
  },
  {
    key: 'seed',
    field: 'seed',
    value: 'S',
    help: `what all random numbers derive from (default: ${DEFAULTS.seed})`,
    parse: (text) => text,
  },
  {
    key: 'warmup',
    field: 'warmup',
    value: 'FRACTION',
    help: `share of the run that is not measured (default: until it has settled; ${DEFAULTS.warmup} of traces and phases)`,
    parse: (text) => parseNumber(text, 'a number from 0 to below 1', (x) => x >= 0 && x < 1),
  },
  {
    key: 'replications',
    field: 'replications',
    value: 'N',
    help: 'repeat every run with N independent seeds, for confidence intervals that hold (default: 1)',
    parse: parseReplications,
  },
  {
    key: 'precision',
    field: 'precision',
    value: 'X%[:pQ[:TYPE]]',
    help: 'add replications until the p99.9 slowdown (or :p50, :p99, :mean) of every type, or of the one named, is within X %',
    parse: parsePrecision,
  },
  {
    key: 'max-replications',
    field: 'maxReplications',
    value: 'N',
    help: `where --precision gives up (default: ${DEFAULTS.maxReplications})`,
    parse: parseReplications,
  },
  {
    key: 'slice',
    field: 'sliceNs',
    value: 'TIME',
    help: 'report every so much simulated time by itself, too, in the JSON',
    parse: parseLength,
  },
  {
    key: 'record',
    field: 'record',
    value: 'FILE',
    help: 'write all that the scheduler is told and answers, for psp replay; one policy only',
    parse: (text) => text,
  },
  {
    key: 'timeline',
    field: 'timeline',
    value: 'FILE',
    help: 'what ran where: .json for ui.perfetto.dev, .svg for a picture; of several policies a file each',
    parse: parseTimelineFile,
  },
  {
    key: 'from',
    field: 'fromNs',
    value: 'TIME',
    help: 'when the timeline begins (default: 0s)',
    parse: (text) => Math.round(parseDuration(text)),
  },
  {
    key: 'for',
    field: 'forNs',
    value: 'TIME',
    help: 'how long the timeline is (default: 1ms)',
    parse: parseLength,
  },
  {
    key: 'json',
    field: 'json',
    value: 'FILE|-',
    help: 'write the results as JSON, - for stdout',
    parse: (text) => text,
  },
];

/**
 * Reads one setting.
 *
 * @param where what to begin a complaint with: `--load`
 * @throws InputError
 */
export function parseSetting(setting: Setting, text: string, where: string): unknown {
  try {
    if (text.trim() === '') throw new Error(`expected ${setting.value}, found nothing`);
    return setting.parse(text.trim());
  } catch (error) {
    throw new InputError(`${where}: ${(error as Error).message}`);
  }
}

/** The settings of the first that are not excluded by the second, and the second. */
export function override(settings: SimSettings, by: SimSettings): SimSettings {
  const groups = new Set(SETTINGS.filter(({ field }) => by[field] !== undefined).map(({ group }) => group));
  const kept = SETTINGS.filter(({ field, group }) => field in settings && !(group && groups.has(group)));
  return {
    ...Object.fromEntries(kept.map(({ field }) => [field, settings[field]])),
    ...withFolder(settings, by),
    ...by,
  };
}

/** A workload named in a configuration file is relative to that file, one on the command line is not. */
function withFolder(settings: SimSettings, by: SimSettings): SimSettings {
  return settings.folder !== undefined && by.workload === undefined ? { folder: settings.folder } : {};
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

function parsePolicies(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) parsePolicy(name);
  return names;
}

const MOST_REPLICATIONS = 10_000;

function parseReplications(text: string): number {
  const fits = (x: number) => Number.isInteger(x) && x >= 1 && x <= MOST_REPLICATIONS;
  return parseNumber(text, `a whole number from 1 to ${MOST_REPLICATIONS}`, fits);
}

function parsePrecision(text: string): Precision {
  const match = /^([\d.]+)\s*%(?::([^:]*))?(?::(.+))?$/.exec(text);
  const percent = Number(match?.[1]);
  const statistic = STATISTIC_NAMED[match?.[2] ?? 'p99.9'];
  if (!(percent > 0 && percent <= 100) || statistic === undefined) {
    const names = Object.keys(STATISTIC_NAMED).join(', ');
    throw new Error(`expected a share such as 5%, 5%:p99 (one of ${names}) or 5%:p99:TYPE, found '${text}'`);
  }
  return { relative: percent / 100, statistic, ...(match?.[3] !== undefined && { type: match[3] }) };
}

function parseNumber(text: string, expected: string, fits: (x: number) => boolean): number {
  const value = /^[-+.\d]/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value) || !fits(value)) throw new Error(`expected ${expected}, found '${text}'`);
  return value;
}

const COUNT = /^(\d+\.?\d*|\.\d+)(e\d+)?\s*([kMG]?)$/;
const MULTIPLE: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

function parseCount(text: string): number {
  const match = COUNT.exec(text);
  const count = match
    ? Math.round(Number(match[1]! + (match[2] ?? '')) * MULTIPLE[match[3]!]! * 1e6) / 1e6
    : Number.NaN;
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new Error(`expected a whole number above 0, such as 1e6 or 10M, found '${text}'`);
  }
  return count;
}

function parseTimelineFile(text: string): string {
  if (!/\.(json|svg)$/i.test(text))
    throw new Error(`expected a file whose name ends in .json or .svg, found '${text}'`);
  return text;
}

function parseLength(text: string): number {
  const ns = Math.round(parseDuration(text));
  if (ns < 1) throw new Error(`expected a duration above 0, found '${text}'`);
  return ns;
}
