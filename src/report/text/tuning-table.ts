import type { Confirmed, Fate, Sensitivity, Tuning } from '../../results/tuning-schema.js';
import { formatRate } from '../../units/rate.js';
import { describeJudgement } from './capacity-table.js';
import { type Look, PLAIN, WIDTH } from './style.js';
import { type Column, layOut, wrap } from './table.js';

/** The best values that were found, the default beside them, and how much each parameter matters, as text. */
export function formatTuning(tuning: Tuning, { style = PLAIN, width = WIDTH }: Look): string {
  const { title, workers, load, offeredRps, seed, slos, ranges, best, sensitivity } = tuning;
  const at = `load ${Number(load.toPrecision(3))} = ${formatRate(offeredRps)}`;
  const heading = [title, ...(tuning.system ? [tuning.system] : []), `${workers} workers`, at, `seed ${seed}`];
  const columns: Column[] = [
    { title: '', align: 'left' },
    ...ranges.map(({ key }) => ({ title: key })),
    { title: 'the objective with the least room', align: 'left', wraps: true },
    { title: 'met?', align: 'left' },
  ];
  const row = (name: string, { values, judgement }: Confirmed) => [
    name,
    ...ranges.map(({ key }) => values[key] ?? ''),
    describeJudgement(judgement),
    MET[judgement.verdict],
  ];
  const lines = [
    ...wrap(heading.join(' · '), width).map(style.heading),
    ...slos.flatMap((slo) => wrap(`  ${slo}`, width)),
    '',
    ...layOut(columns, [...(best ? [row('best', best)] : []), row('default', tuning.default)], { style, width }),
    '',
    ...verdict(tuning).flatMap((sentence) => wrap(sentence, width)),
  ];
  if (best) lines.push('', ...sensitivityTable(sensitivity, best, { style, width }));
  lines.push('', ...wrap(counts(tuning), width).map(style.faint));
  if (best) lines.push('', `  ${best.command}`);
  return `${lines.join('\n')}\n`;
}

const MET: Readonly<Record<Confirmed['judgement']['verdict'], string>> = {
  holds: 'yes',
  fails: 'no',
  undecided: 'undecided',
};

function verdict({ best, gain, default: beside }: Tuning): string[] {
  if (!best) return ['No candidate carried the load in all of its runs.'];
  if (best.judgement.reason !== undefined) return [`The best failed on the seeds that confirm it: it was luck.`];
  if (beside.judgement.reason !== undefined) return ['The default fails where the best does not.'];
  if (!gain) return ['No candidate is better than the default.'];
  const [low, high] = gain.interval;
  const times = gain.ratio.toPrecision(3);
  if (low === null || high === null)
    return [`The default has ${times} times the best's value; the interval is not known.`];
  const interval = `${low.toPrecision(3)} to ${high.toPrecision(3)}`;
  if (low > 1) return [`The default has ${times} times the best's value (${interval}).`];
  return [
    `The best is not shown to be better than the default, which has ${times} times its value (${interval}): keep the ` +
      'default.',
  ];
}

function sensitivityTable(sensitivity: readonly Sensitivity[], best: Confirmed, look: Look): string[] {
  const columns: Column[] = [
    { title: 'parameter', align: 'left' },
    { title: 'matters' },
    { title: 'value over the bound, with the others as the best has them', align: 'left', wraps: true },
  ];
  const rows = sensitivity.map(({ key, effect, values }) => [
    key,
    effect === null ? 'x ?' : `x ${effect < 10 ? effect.toFixed(2) : effect.toFixed(0)}`,
    values
      .map(({ value, judgement }) => {
        const share =
          judgement.reason ?? (judgement.value === null ? '?' : (judgement.value / judgement.bound).toPrecision(2));
        return `${value}${value === best.values[key] ? ' (best)' : ''}: ${share}`;
      })
      .join(', '),
  ]);
  return layOut(columns, rows, look);
}

function counts({ candidates, runs, best }: Tuning): string {
  const of = (fate: Fate) => candidates.filter((each) => each.fate === fate).length;
  const parts = [
    `${of('worse')} significantly worse`,
    ...(of('same') > 0 ? [`${of('same')} the same as another`] : []),
    ...(of('failed') > 0 ? [`${of('failed')} failed`] : []),
    `${of('left')} not told apart from the best`,
  ];
  return (
    `${candidates.length} candidates in ${runs} runs: ${parts.join(', ')}.` +
    (best ? ` The table is from ${best.replications} runs with seeds that did not decide the race. To repeat it:` : '')
  );
}
