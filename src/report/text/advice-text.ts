/** Advice as a table and a sentence. */

import type { Advice, AdviceEntry } from '../../results/advice-schema.js';
import type { CapacityEntry } from '../../results/capacity-schema.js';
import { formatRate } from '../../units/rate.js';
import { describeJudgement } from './capacity-table.js';
import { formatShare } from './numbers.js';
import { type Look, PLAIN, WIDTH } from './style.js';
import { layOut, wrap } from './table.js';

/** The columns and rows of the table, for a terminal and a page. */
export function adviceTable(advice: Advice): { columns: string[]; rows: string[][] } {
  const { growth, workers, entries } = advice;
  const shares = entries[0]?.unclassified.map(({ share }) => share) ?? [];
  return {
    columns: [
      'policy',
      `workers\nat ${formatRate(advice.rateRps)}`,
      ...(growth > 0 ? [`with\n+${formatShare(growth)}`] : []),
      ...(workers === undefined ? [] : [`headroom\nof ${workers}`]),
      ...shares.map((share) => `${formatShare(share)}\nunclassified`),
      'what breaks first',
    ],
    rows: entries.map((entry) => [
      entry.policy,
      workersOf(entry.today),
      ...(growth > 0 ? [workersOf(entry.grown)] : []),
      ...(workers === undefined ? [] : [headroomOf(entry, advice.rateRps)]),
      ...shares.map((share) => workersOf(entry.unclassified.find((each) => each.share === share)?.entry)),
      breaksFirst(entry),
    ]),
  };
}

function workersOf(entry: CapacityEntry | undefined): string {
  return entry?.holds ? String(entry.holds.workers) : 'none';
}

/** `+30 %`: how much the rate may grow at the present number of workers. */
function headroomOf({ headroom }: AdviceEntry, rateRps: number): string {
  if (!headroom?.holds) return 'none';
  const share = headroom.holds.offeredRps / rateRps - 1;
  return `${share < 0 ? '-' : '+'}${formatShare(Math.abs(share))}`;
}

function breaksFirst({ today }: AdviceEntry): string {
  const { fails, holds } = today;
  if (fails) return `${describeJudgement(fails.judgement)} with ${fails.workers}`;
  return holds ? 'the work itself: fewer workers cannot do it' : 'no number of workers was enough';
}

/** The sentence that recommends. */
export function recommendation(advice: Advice): string {
  const { entries, growth, rateRps } = advice;
  const needed = (entry: CapacityEntry | undefined) => entry?.holds?.workers ?? Number.POSITIVE_INFINITY;
  const ranked = entries
    .map((entry) => ({
      entry,
      today: needed(entry.today),
      grown: growth > 0 ? needed(entry.grown) : needed(entry.today),
      missed: entry.unclassified.map(({ share, entry: each }) => ({ share, workers: needed(each) })),
    }))
    .sort((a, b) => a.grown - b.grown || a.today - b.today || sum(a.missed) - sum(b.missed));
  const [best, ...others] = ranked;
  if (!best || best.today === Number.POSITIVE_INFINITY) {
    return 'No policy meets the objectives with the workers that were tried: relax an objective.';
  }
  const { policy } = best.entry;
  const grown =
    growth > 0
      ? best.grown === Number.POSITIVE_INFINITY
        ? ` With ${formatShare(growth)} more it does not meet them.`
        : ` With ${formatShare(growth)} more it needs ${best.grown}.`
      : '';
  const rest = others.map(({ entry, today }) => `${entry.policy} needs ${shown(today)}`);
  const compared = rest.length > 0 ? ` ${rest.join(', ')}.` : '';
  const worst = best.missed.filter(({ workers }) => workers > best.today).at(0);
  const degrades = worst
    ? ` If ${formatShare(worst.share)} of the requests cannot be classified, ${policy} needs ${shown(worst.workers)}.`
    : '';
  const count = best.today === 1 ? '1 worker' : `${best.today} workers`;
  const meets = `Use ${policy} with ${count}: it meets the objectives at ${formatRate(rateRps)}.`;
  return `${meets}${grown}${compared}${degrades}`;
}

function shown(workers: number): string {
  return Number.isFinite(workers) ? String(workers) : 'more than were tried';
}

function sum(missed: readonly { readonly workers: number }[]): number {
  return missed.reduce((total, { workers }) => total + Math.min(1e9, workers), 0);
}

/** The commands that show each number. */
export function adviceCommands({ entries }: Advice): { what: string; command: string }[] {
  return entries.flatMap(({ policy, today, grown, headroom, unclassified }) => [
    ...commandsOf(`${policy}, today`, today),
    ...commandsOf(`${policy}, with growth`, grown),
    ...commandsOf(`${policy}, headroom`, headroom),
    ...unclassified.flatMap(({ share, entry }) => commandsOf(`${policy}, ${formatShare(share)} unclassified`, entry)),
  ]);
}

function commandsOf(what: string, entry: CapacityEntry | undefined): { what: string; command: string }[] {
  return entry?.holds ? [{ what, command: entry.holds.command }] : [];
}

export function formatAdvice(advice: Advice, { style = PLAIN, width = WIDTH }: Look): string {
  const { title, rateRps, seed, slos } = advice;
  const { columns, rows } = adviceTable(advice);
  const lines = [
    ...wrap(`${title} · ${formatRate(rateRps)} · seed ${seed}`, width).map(style.heading),
    ...slos.flatMap((slo) => wrap(`  ${slo}`, width)),
    '',
    ...layOut(
      columns.map((name, i) => ({
        title: name,
        ...((i === 0 || i === columns.length - 1) && { align: 'left' as const }),
        ...(i === columns.length - 1 && { wraps: true as const }),
      })),
      rows,
      { style, width },
    ),
    '',
    ...wrap(recommendation(advice), width),
    '',
    ...wrap(
      'The fewest workers that were shown to meet the objectives, 95 % confidence each. To see a number:',
      width,
    ).map(style.faint),
    ...adviceCommands(advice).map(({ command }) => `  ${command}`),
  ];
  return `${lines.join('\n')}\n`;
}
