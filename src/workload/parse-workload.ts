/** Reads a workload file. The files of workloads/ describe the form. */

import { type Checker, type Field, misspelt, oneOf, type ReadText, show } from '../input/checker.js';
import {
  anything,
  list,
  name,
  number,
  optional,
  positiveDuration,
  prose,
  readDuration,
  share,
  showSum,
  sumsToOne,
  text,
} from '../input/fields.js';
import { readChecked } from '../input/read-checked.js';
import { lookUp } from '../units/names.js';
import { parseRate } from '../units/rate.js';
import { byIndex, UNKNOWN } from '../units/unknown.js';
import type { Arrivals } from './arrivals/arrival-process.js';
import { readArrivals } from './arrivals/arrival-registry.js';
import { POISSON } from './arrivals/poisson.js';
import type { Distribution } from './distributions/distribution.js';
import { readDistribution } from './distributions/distribution-registry.js';
import { playedMeanNs } from './played.js';
import { readSchedule } from './read-schedule.js';
import type { Phase, RequestType, Workload, WorkloadSource } from './workload.js';

export interface ParseOptions {
  readonly readText?: ReadText;
}

/** More types than anyone has, and fewer than the batches can number. */
const MAX_TYPES = 1024;

/**
 * Reads a workload from the text of its YAML file.
 *
 * @param fileName what to call the file in messages
 * @throws InputError with everything that is wrong, in the order of the file
 */
export function parseWorkload(yaml: string, fileName: string, options: ParseOptions = {}): Workload {
  const files = new Map<string, string>();
  const readText = (path: string) => {
    if (!options.readText) throw new Error(`${path}: cannot be read: this workload may not refer to files`);
    const text = files.get(path) ?? options.readText(path);
    files.set(path, text);
    return text;
  };
  const read = (value: unknown, checker: Checker) =>
    Array.isArray(value) ? readSchedule(value, checker, fileName) : readWorkload(value, checker);
  const workload = readChecked(yaml, fileName, read, { readText });
  return { ...workload, source: { text: yaml, fileName, files: Object.fromEntries(files) } };
}

/**
 * The one that was rebuilt last. Most runs of a sweep have the same workload, and reading it takes longer than a short
 * run.
 */
let last: Workload | undefined;

/** Reads a workload again from what {@link Workload.source} kept: how it travels to another thread. */
export function rebuildWorkload(source: WorkloadSource): Workload {
  if (last && isSame(last.source, source)) return last;
  const { text, fileName, files } = source;
  last = parseWorkload(text, fileName, {
    readText(path) {
      const text = lookUp(files, path);
      if (text === undefined) throw new Error(`${path}: was not kept with the workload`);
      return text;
    },
  });
  return last;
}

/** The same text asks for the same files. */
function isSame(a: WorkloadSource, b: WorkloadSource): boolean {
  return (
    a.text === b.text &&
    a.fileName === b.fileName &&
    Object.entries(a.files).every(([path, content]) => content === lookUp(b.files, path))
  );
}

function readWorkload(value: unknown, checker: Checker): Omit<Workload, 'source'> | undefined {
  const fields = checker.fields(
    {
      name,
      title: optional(text),
      description: optional(prose),
      types: list('request types'),
      arrivals: anything,
      phases: optional(list('phases')),
    },
    value,
  );
  if (!fields) return undefined;
  const types = fields.types && readTypes(fields.types, checker.at('types'));
  const arrivals = readOptionalArrivals(fields.arrivals, checker, POISSON);
  if (!types) return undefined;

  const base = phaseOf(Number.POSITIVE_INFINITY, types, arrivals);
  const maybePhases = fields.phases?.map((phase, i) => readPhase(phase, checker.at('phases', i), types, arrivals)) ?? [
    base,
  ];
  const phases = complete(maybePhases);
  if (!fields.name || !phases) return undefined;
  return {
    name: fields.name,
    title: fields.title ?? fields.name,
    description: fields.description?.trim() ?? '',
    ...byIndex(
      types.map(({ type }) => type),
      ({ name }) => name,
    ),
    ...recognisedOf(types),
    phases,
  };
}

function recognisedOf(types: readonly Share[]): Pick<Workload, 'recognised'> {
  const recognised = types.filter(({ type }) => type.name !== UNKNOWN).map(({ classified }) => classified);
  return recognised.every((each) => each === 1) ? {} : { recognised };
}

/** A type as one phase has it. */
interface Share {
  readonly type: RequestType;
  /** Share of its requests that the classifier recognises. */
  readonly classified: number;
  readonly ratio: number;
  readonly service: Distribution;
}

function readTypes(items: readonly unknown[], checker: Checker): Share[] | undefined {
  if (items.length > MAX_TYPES) return checker.refuse(`expected at most ${MAX_TYPES} types, found ${items.length}`);
  const names = new Set<string>();
  const maybe = items.map((item, i): Share | undefined => {
    const here = checker.at(i);
    const fields = here.fields(
      {
        name,
        ratio: share,
        service: anything,
        deadline: optional(positiveDuration),
        slo: optional(positiveDuration),
        classified: optional(share),
      },
      item,
    );
    if (!fields) return undefined;
    if (fields.classified !== undefined && fields.name === UNKNOWN) {
      here.at('classified').refuse(`expected no share of ${UNKNOWN} that is recognised, found one`, true);
    }
    refuseTwice(fields.name, names, here);
    const service = readDistribution(fields.service, here.at('service'));
    if (fields.name === undefined || fields.ratio === undefined || !service) return undefined;
    return {
      type: {
        name: fields.name,
        ...(fields.deadline === undefined ? {} : { deadlineNs: fields.deadline }),
        ...(fields.slo === undefined ? {} : { sloNs: fields.slo }),
      },
      ratio: fields.ratio,
      service,
      classified: fields.classified ?? 1,
    };
  });
  const shares = complete(maybe);
  if (!shares) return undefined;
  refuseWrongSum(shares, checker);
  return byIndex(shares, ({ type }) => type.name).types;
}

/** In shorter phases hardly anything arrives, and a run would consist of phases without end. */
const MIN_PHASE_NS = 1000;

const phaseDuration: Field<number> = (input) => {
  const ns = readDuration(input);
  if (ns < MIN_PHASE_NS) throw new Error(`expected a duration of at least 1us, found '${input}'`);
  return ns;
};

/** The rate of a phase: `250k`, or a number of requests per second. */
const ownRate: Field<number> = (input) => {
  const rps = typeof input === 'number' ? input : parseRate(String(input));
  if (rps > 0 && rps < 1e12) return rps;
  throw new Error(`expected a rate above 0, such as 250k or 1.5M, found ${show(input)}`);
};

function readPhase(
  item: unknown,
  checker: Checker,
  base: readonly Share[],
  baseArrivals: Arrivals | undefined,
): Phase | undefined {
  const fields = checker.fields(
    {
      duration: phaseDuration,
      types: optional(list('request types')),
      arrivals: anything,
      rate: optional(ownRate),
      load: optional(number('a load above 0', { above: 0, max: 1000 })),
    },
    item,
  );
  if (!fields) return undefined;
  const arrivals = readOptionalArrivals(fields.arrivals, checker, baseArrivals);
  const shares = fields.types ? readPhaseTypes(fields.types, checker.at('types'), base) : base;
  if (fields.rate !== undefined && fields.load !== undefined) {
    return checker.at('load').refuse('expected only one of rate and load, found both', true);
  }
  const phase = fields.duration === undefined || !shares ? undefined : phaseOf(fields.duration, shares, arrivals);
  return (
    phase && {
      ...phase,
      ...(fields.rate !== undefined && { rateRps: fields.rate }),
      ...(fields.load !== undefined && { load: fields.load }),
    }
  );
}

/** The types of a phase: those it names, with what it replaces of them; the ratio of all others is 0. */
function readPhaseTypes(items: readonly unknown[], checker: Checker, base: readonly Share[]): Share[] | undefined {
  const known = base.map(({ type }) => type.name);
  const names = new Set<string>();
  const maybe = items.map((item, i): Share | undefined => {
    const here = checker.at(i);
    const fields = here.fields({ name, ratio: share, service: anything }, item);
    if (!fields) return undefined;
    refuseTwice(fields.name, names, here);
    const original = base.find(({ type }) => type.name === fields.name);
    if (fields.name !== undefined && !original) {
      here
        .at('name')
        .refuse(`expected ${oneOf(known)} (a type of the workload), found ${misspelt(fields.name, known)}`);
    }
    const service =
      fields.service === undefined ? original?.service : readDistribution(fields.service, here.at('service'));
    return original && service && fields.ratio !== undefined
      ? { ...original, ratio: fields.ratio, service }
      : undefined;
  });
  const replaced = complete(maybe);
  if (!replaced) return undefined;
  refuseWrongSum(replaced, checker);
  return base.map((original) => replaced.find(({ type }) => type === original.type) ?? { ...original, ratio: 0 });
}

function readOptionalArrivals(value: unknown, checker: Checker, otherwise: Arrivals | undefined): Arrivals | undefined {
  return value === undefined ? otherwise : readArrivals(value, checker.at('arrivals'));
}

function refuseTwice(given: string | undefined, names: Set<string>, checker: Checker): void {
  if (given === undefined) return;
  if (names.has(given)) checker.at('name').refuse(`expected names that differ, found '${given}' twice`);
  names.add(given);
}

function refuseWrongSum(shares: readonly Share[], checker: Checker): void {
  const sum = shares.reduce((total, { ratio }) => total + ratio, 0);
  if (sumsToOne(sum, shares.length)) return;
  checker.at(shares.length - 1, 'ratio').refuse(`expected numbers that sum to 1, found ${showSum(sum)}`);
}

function phaseOf(durationNs: number, shares: readonly Share[], arrivals: Arrivals | undefined): Phase | undefined {
  if (!arrivals) return undefined;
  return {
    durationNs,
    ratio: shares.map(({ ratio }) => ratio),
    service: shares.map(({ service }) => service),
    arrivals,
    meanServiceNs: shares.reduce((sum, { ratio, service }) => sum + ratio * playedMeanNs(service), 0),
  };
}

/** All items, or undefined when one is missing. */
function complete<T>(items: readonly (T | undefined)[]): T[] | undefined {
  const present = items.filter((item) => item !== undefined);
  return present.length === items.length ? present : undefined;
}
