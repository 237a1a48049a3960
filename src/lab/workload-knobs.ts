/** Sliders for a workload: they change the text of its file, and leave all else of it as it is. */

import { parseDocument } from 'yaml';
import { exactDuration, parseDuration } from '../units/duration.js';

/** How the service times of a type are spread, by the name in the file. */
export const SPREADS = ['constant', 'exponential', 'lognormal'] as const;
export type ServiceSpread = (typeof SPREADS)[number];

export interface TypeKnobs {
  readonly name: string;
  readonly ratio: number;
  /** Undefined when it is a distribution that has no slider. */
  readonly meanNs: number | undefined;
  readonly spread: ServiceSpread | undefined;
  /** Of a lognormal one: standard deviation of the logarithm. */
  readonly sigma: number;
}

export interface WorkloadKnobs {
  readonly types: readonly TypeKnobs[];
  /** How many times as many requests come in a burst; 1: they come evenly, as a Poisson process. */
  readonly burstFactor: number | undefined;
}

const FIRST_SIGMA = 1;
const BURSTS = { meanCalm: '90ms', meanBurst: '10ms' };

let last: { readonly yaml: string; readonly knobs: WorkloadKnobs | undefined } | undefined;

/** What the file says, where there is a slider for it; undefined when it cannot be read. */
export function knobsOf(yaml: string): WorkloadKnobs | undefined {
  // Each slider asks for the same file.
  if (last?.yaml !== yaml) last = { yaml, knobs: knobsIn(yaml) };
  return last.knobs;
}

function knobsIn(yaml: string): WorkloadKnobs | undefined {
  const document = parseDocument(yaml);
  if (document.errors.length > 0) return undefined;
  const file = document.toJS() as { types?: unknown; arrivals?: unknown } | null;
  if (!file || !Array.isArray(file.types)) return undefined;
  try {
    const { arrivals = 'poisson' } = file;
    const mmpp2 = (arrivals as { mmpp2?: { burstFactor?: unknown } }).mmpp2;
    return {
      types: file.types.map(typeKnobs),
      burstFactor: arrivals === 'poisson' ? 1 : mmpp2 ? Number(mmpp2.burstFactor) : undefined,
    };
  } catch {
    return undefined;
  }
}

function typeKnobs(type: { name: unknown; ratio: unknown; service: unknown }): TypeKnobs {
  const { service } = type;
  const known = { name: String(type.name), ratio: Number(type.ratio) };
  if (typeof service === 'string') {
    return { ...known, meanNs: parseDuration(service), spread: 'constant', sigma: FIRST_SIGMA };
  }
  const [[kind, of] = ['', {}]] = Object.entries(service as Record<string, { mean?: string; sigma?: number }>);
  const spread = SPREADS.find((each) => each === kind);
  const meanNs = spread && of?.mean !== undefined ? parseDuration(of.mean) : undefined;
  return {
    ...known,
    meanNs,
    spread: meanNs === undefined ? undefined : spread,
    sigma: Number(of?.sigma ?? FIRST_SIGMA),
  };
}

/** The file with other values for one type. The ratios of the others change in proportion, so that all sum to 1. */
export function withType(yaml: string, index: number, change: Partial<Omit<TypeKnobs, 'name'>>): string {
  const knobs = knobsOf(yaml)!;
  const document = parseDocument(yaml);
  const { meanNs, spread, sigma } = { ...knobs.types[index]!, ...change };
  if (meanNs !== undefined && (change.meanNs ?? change.spread ?? change.sigma) !== undefined) {
    document.setIn(['types', index, 'service'], document.createNode(serviceOf(meanNs, spread ?? 'constant', sigma)));
  }
  if (change.ratio !== undefined) {
    const ratios = shifted(
      knobs.types.map(({ ratio }) => ratio),
      index,
      change.ratio,
    );
    for (const [i, ratio] of ratios.entries()) document.setIn(['types', i, 'ratio'], ratio);
  }
  return document.toString({ lineWidth: 0 });
}

function serviceOf(meanNs: number, spread: ServiceSpread, sigma: number): unknown {
  const mean = exactDuration(Math.round(meanNs));
  if (spread === 'constant') return mean;
  return { [spread]: spread === 'lognormal' ? { mean, sigma } : { mean } };
}

/** Ratios in thousandths that sum to 1, with the one at `index` set. */
function shifted(ratios: readonly number[], index: number, wanted: number): number[] {
  const others = ratios.reduce((sum, ratio, i) => (i === index ? sum : sum + ratio), 0);
  const set = ratios.length === 1 ? 1 : Math.round(wanted * 1000);
  const rest = ratios.length === 1 ? 0 : 1000 - set;
  const thousandths = ratios.map((ratio, i) =>
    i === index ? set : Math.round((others > 0 ? ratio / others : 1 / (ratios.length - 1)) * rest),
  );
  if (ratios.length === 1) return [1];
  const last = thousandths.findLastIndex((_, i) => i !== index);
  thousandths[last]! += 1000 - thousandths.reduce((sum, each) => sum + each, 0);
  return thousandths.map((each) => each / 1000);
}

/** The file with bursts of this factor; 1: without. */
export function withBursts(yaml: string, burstFactor: number): string {
  const document = parseDocument(yaml);
  const bursts = document.getIn(['arrivals', 'mmpp2']);
  if (burstFactor <= 1) document.set('arrivals', 'poisson');
  else if (bursts) document.setIn(['arrivals', 'mmpp2', 'burstFactor'], burstFactor);
  else document.set('arrivals', document.createNode({ mmpp2: { burstFactor, ...BURSTS } }));
  return document.toString({ lineWidth: 0 });
}
