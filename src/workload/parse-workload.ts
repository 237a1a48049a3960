/** Reads a workload file. The form is described in the files of workloads/ and refused, with all mistakes, when it is anything else. */

import { Checker, misspelt, oneOf, type Problem, type ReadText } from '../input/checker.js';
import { anything, list, positiveDuration, share, showSum, sumsToOne, text, typeName } from '../input/fields.js';
import { readYaml } from '../input/yaml.js';
import { InputError } from '../units/errors.js';
import type { Arrivals } from './arrivals/arrival-process.js';
import { readArrivals } from './arrivals/arrival-registry.js';
import { POISSON } from './arrivals/poisson.js';
import type { Distribution } from './distributions/distribution.js';
import { readDistribution } from './distributions/distribution-registry.js';
import { type Phase, type RequestType, UNKNOWN, type Workload, type WorkloadSource } from './workload.js';

export interface ParseOptions {
  /** Gives the text of a file that the workload refers to, by the path written there; throws when it cannot be read. */
  readonly readText?: ReadText;
}

/** More types than anyone has, fewer than the batches can number. */
const MAX_TYPES = 1024;

/**
 * Reads a workload from the text of its YAML file.
 *
 * @param fileName what to call the file in messages
 * @throws InputError with everything that is wrong, in the order of the file
 */
export function parseWorkload(yaml: string, fileName: string, options: ParseOptions = {}): Workload {
  const source = readYaml(yaml, fileName);
  const files: Record<string, string> = {};
  const readText = (path: string) => {
    if (!options.readText) throw new Error('no files can be read here');
    files[path] ??= options.readText(path);
    return files[path];
  };
  const problems: Problem[] = [];
  const workload = readWorkload(source.value, new Checker([], problems, readText));
  if (problems.length > 0 || !workload) throw new InputError(source.locate(problems));
  return { ...workload, source: { text: yaml, fileName, files } };
}

/** The one that was rebuilt last: the runs of a sweep are mostly of one workload, and to read it takes longer than to play a short run of it. */
let last: Workload | undefined;

/** Reads a workload again from what {@link Workload.source} kept: how it travels to another thread. */
export function rebuildWorkload(source: WorkloadSource): Workload {
  if (last && isSame(last.source, source)) return last;
  const { text, fileName, files } = source;
  last = parseWorkload(text, fileName, {
    readText(path) {
      const text = files[path];
      if (text === undefined) throw new Error('it was not kept with the workload');
      return text;
    },
  });
  return last;
}

/** The files are those that the text names, so that the same text asks for the same ones. */
function isSame(a: WorkloadSource, b: WorkloadSource): boolean {
  return (
    a.text === b.text &&
    a.fileName === b.fileName &&
    Object.entries(a.files).every(([path, content]) => content === b.files[path])
  );
}

function readWorkload(value: unknown, checker: Checker): Omit<Workload, 'source'> | undefined {
  const fields = checker.fields(
    {
      name: typeName,
      title: text.optional(),
      description: text.optional(),
      types: list('request types'),
      arrivals: anything,
      phases: list('phases').optional(),
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
    types: types.map(({ type }) => type),
    classified: types.filter(({ type }) => type.name !== UNKNOWN).length,
    phases,
  };
}

/** A type as one phase has it. */
interface Share {
  readonly type: RequestType;
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
        name: typeName,
        ratio: share,
        service: anything,
        deadline: positiveDuration.optional(),
        slo: positiveDuration.optional(),
      },
      item,
    );
    if (!fields) return undefined;
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
    };
  });
  const shares = complete(maybe);
  if (!shares) return undefined;
  refuseWrongSum(shares, checker);
  // UNKNOWN has the index after all classified types.
  return [...shares.filter(({ type }) => type.name !== UNKNOWN), ...shares.filter(({ type }) => type.name === UNKNOWN)];
}

function readPhase(
  item: unknown,
  checker: Checker,
  base: readonly Share[],
  baseArrivals: Arrivals | undefined,
): Phase | undefined {
  const fields = checker.fields(
    { duration: positiveDuration, types: list('request types').optional(), arrivals: anything },
    item,
  );
  if (!fields) return undefined;
  const arrivals = readOptionalArrivals(fields.arrivals, checker, baseArrivals);
  const shares = fields.types ? readPhaseTypes(fields.types, checker.at('types'), base) : base;
  return fields.duration === undefined || !shares ? undefined : phaseOf(fields.duration, shares, arrivals);
}

/** The types of a phase: those it names, with what it replaces of them; the ratio of all others is 0. */
function readPhaseTypes(items: readonly unknown[], checker: Checker, base: readonly Share[]): Share[] | undefined {
  const known = base.map(({ type }) => type.name);
  const names = new Set<string>();
  const maybe = items.map((item, i): Share | undefined => {
    const here = checker.at(i);
    const fields = here.fields({ name: typeName, ratio: share, service: anything }, item);
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
      ? { type: original.type, ratio: fields.ratio, service }
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

function refuseTwice(name: string | undefined, names: Set<string>, checker: Checker): void {
  if (name === undefined) return;
  if (names.has(name)) checker.at('name').refuse(`expected names that differ, found '${name}' twice`);
  names.add(name);
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
    meanServiceNs: shares.reduce((sum, { ratio, service }) => sum + ratio * service.meanNs, 0),
  };
}

/** All items, or undefined when one is missing. */
function complete<T>(items: readonly (T | undefined)[]): T[] | undefined {
  const present = items.filter((item) => item !== undefined);
  return present.length === items.length ? present : undefined;
}
