import type { Command } from 'commander';
import { verifiable, verifyPoints } from '../../experiment/sweep/verify-points.js';
import { InputError } from '../../units/errors.js';
import { complain, EXIT } from '../failure.js';
import { abortOnSignal } from '../interrupt.js';
import { outputTo } from '../output.js';
import { showProgress } from '../progress.js';

interface VerifyOptions {
  readonly sample?: number;
  readonly allowPolicies?: true;
}

export function defineVerify(command: Command): void {
  command
    .description(
      'Runs the simulated points of a sweep again, from the plans that its folder keeps, and compares digests and ' +
        'distributions. Exit code 1: a point comes out otherwise, or a file of its sources was changed.',
    )
    .argument('<DIR>', 'folder that psp sweep has written')
    .option('--sample <N>', 'only this many points, spread over all', (text: string) => {
      if (!/^[1-9]\d*$/.test(text)) throw new InputError(`--sample: expected a whole number above 0, found '${text}'`);
      return Number(text);
    })
    .option('--allow-policies', 'run the code of policies from files that the folder keeps: only if you trust it')
    .action(async (folder: string, options: VerifyOptions) => {
      process.exitCode = await verify(folder, options);
    });
}

async function verify(folder: string, { sample, allowPolicies }: VerifyOptions): Promise<number> {
  const { plans, cannot, measured, changed } = await verifiable(folder, allowPolicies === true);
  for (const line of [...changed, ...cannot]) complain(line);
  if (plans.length === 0) throw new InputError(`${folder}: expected points that can be run again, found none`);
  const chosen = sample === undefined ? plans : spread(plans, sample);
  const { signal, undo } = abortOnSignal();
  let done = 0;
  const { hide } = showProgress({ done: () => done / chosen.length }, 'verify');
  try {
    const differing = await verifyPoints(folder, chosen, { signal, onPoint: () => done++ });
    hide();
    for (const line of differing) complain(line);
    const rest = [
      ...(changed.length > 0 ? [`${changed.length} of its sources changed`] : []),
      ...(cannot.length > 0 ? [`${cannot.length} cannot be run again`] : []),
      ...(measured > 0 ? [`${measured} of a machine are never the same`] : []),
    ];
    outputTo(process.stdout).write(
      `${done} of ${plans.length} points run again: ${done - differing.length} the same, ${differing.length} differ` +
        `${rest.map((each) => `; ${each}`).join('')}\n`,
    );
    if (done < chosen.length) return EXIT.interrupted;
    return differing.length + changed.length > 0 ? EXIT.no : EXIT.ok;
  } finally {
    hide();
    undo();
  }
}

/** Evenly over the list, so that each policy and load has its chance. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (count >= items.length) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / count)]!);
}
