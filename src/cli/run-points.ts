import type { PlannedPoint } from '../experiment/sweep/planned-point.js';
import { runSweep, type SweepOptions, type SweepOutcome, type SweepProgress } from '../experiment/sweep/run-sweep.js';
import { inShell } from '../units/lists.js';
import { formatRate } from '../units/rate.js';
import { complain } from './failure.js';
import { abortOnSignal } from './interrupt.js';
import { showProgress } from './progress.js';

type RunOptions = Pick<SweepOptions, 'out' | 'engine' | 'sources'>;

/** Runs points into a folder, says how far it is, and what failed or is left. */
export async function runPoints(
  planned: readonly PlannedPoint[],
  options: RunOptions,
  what: string,
): Promise<SweepOutcome> {
  const { signal, undo } = abortOnSignal();
  let progress: SweepProgress | undefined;
  const { hide, note } = showProgress({ done: () => progress?.done ?? 0 }, what);
  const startedMs = performance.now();
  try {
    const outcome = await runSweep(planned, {
      ...options,
      signal,
      onNote: complain,
      onProgress: (now) => {
        progress = now;
        const perSecond = formatRate((now.requests * 1000) / (performance.now() - startedMs));
        note(`${now.points}/${now.total} points · ${perSecond}`);
      },
    });
    const { failures, left } = outcome;
    for (const { planned: failed, message } of failures) {
      complain(`failed: ${runsIn(options)}${failed.command}: ${message}`);
    }
    if (left > 0) complain(`interrupted: ${left} of ${planned.length} points are left; the same command continues`);
    return outcome;
  } finally {
    hide();
    undo();
  }
}

/** What to type before the command of a point: commands name the copies of files in the folder. */
export function runsIn({ out, sources }: RunOptions): string {
  return sources ? `cd ${inShell(out)} && ` : '';
}
