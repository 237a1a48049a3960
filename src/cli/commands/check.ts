import type { Command } from 'commander';
import { parseCase } from '../../check/check-case.js';
import type { CheckReport } from '../../experiment/check/check-policy.js';
import { wrap } from '../../report/text/table.js';
import { isPolicyFile, parsePolicy, policiesNamed, type TypedPolicy } from '../../scheduler/policy-registry.js';
import { InputError } from '../../units/errors.js';
import { splitList } from '../../units/lists.js';
import { EXIT } from '../failure.js';
import { outputBeside, sendJson } from '../output.js';
import { showProgress } from '../progress.js';
import { asInput, parseSetting, settingOf } from '../settings.js';
import { wholeNumber } from '../whole-number.js';

interface CheckCliOptions {
  readonly seed?: string;
  readonly runs?: string;
  readonly case?: string;
  readonly json?: string;
}

const USUAL_RUNS = 100;
const MOST_RUNS = 1_000_000;

export function defineCheck(command: Command): void {
  command
    .description(
      'Holds policies to what their metadata promise and to what every policy must keep, on random workloads, under ' +
        'a referee. Exit code 1 at the first promise that does not hold.',
    )
    .argument('<POLICY...>', 'a name, a file or pkg:NAME, with parameters; a file stands for all that it exports')
    .option('--seed <S>', 'seed of the random workloads (default: 1)')
    .option('--runs <N>', `random workloads per policy (default: ${USUAL_RUNS})`)
    .option('--case <CASE>', 'play only this workload, as a violation names it')
    .option('--json <FILE|->', 'write the reports as JSON, - for stdout')
    .addHelpText(
      'after',
      `
Examples:
  psp check ./keep.ts
  psp check ./keep.ts:keep=2 --runs 1000 --seed 7
  psp check ./keep.ts --case seed=7:workers=2:requests=3
  psp check darc`,
    )
    .action(async (names: string[], options: CheckCliOptions) => {
      process.exitCode = await run(names, options);
    });
}

async function run(names: readonly string[], { seed, runs, case: text, json }: CheckCliOptions): Promise<number> {
  const only = text === undefined ? undefined : asInput('--case', () => parseCase(text));
  if (only && (seed !== undefined || runs !== undefined))
    throw new InputError('--case is one workload: expected neither --seed nor --runs beside it');
  const options = {
    seed: seed === undefined ? 1 : (parseSetting(settingOf('seed'), seed, '--seed') as string),
    runs: runs === undefined ? USUAL_RUNS : wholeNumber('--runs', 1, MOST_RUNS)(runs),
    ...(only && { only }),
  };
  const chosen = names.flatMap(typedPolicies);
  // Loaded here, so that a wrong name is said at once.
  const { checkInThread } = await import('../../experiment/check/check-in-thread.js');
  const output = outputBeside(json);
  const reports: CheckReport[] = [];
  for (const [i, policy] of chosen.entries()) {
    let share = 0;
    const total = only ? 1 : options.runs;
    const { hide } = showProgress({ done: () => (i + share) / chosen.length }, policy.text);
    try {
      const report = await checkInThread(policy, { ...options, onProgress: (done) => (share = done / total) });
      hide();
      reports.push(report);
      output.write(tell(policy.text, report, output.width));
    } finally {
      hide();
    }
  }
  sendJson(json, reports);
  return reports.every(({ ok }) => ok) ? EXIT.ok : EXIT.no;
}

/** A file stands for all of its policies. */
function typedPolicies(text: string): TypedPolicy[] {
  const all = isPolicyFile(text) ? policiesNamed(text) : [];
  const [file = text] = splitList(text, ':');
  const isWhole = all.length > 1 && file === text;
  return isWhole ? all.map(({ name }) => parsePolicy(`${text}:${name}`)) : [parsePolicy(text)];
}

/** What a report says: a paragraph. */
function tell(text: string, report: CheckReport, width: number): string {
  const { policy, violation, cases, requests, refused, bytesPerRequest, ringRequests } = report;
  if (violation) {
    const { property, story, workload, case: shrunken } = violation;
    const where = workload === undefined ? '' : ` Workload: ${workload}.`;
    const again = shrunken === undefined ? `psp check ${text}` : `psp check ${text} --case ${shrunken}`;
    const paragraph = `${policy} breaks a promise (${property}): ${story}.${where} To see it again:`;
    return `${wrap(paragraph, width).join('\n')}\n  ${again}\n`;
  }
  const parts = [
    `${cases} random workload${cases === 1 ? '' : 's'} with ${requests} requests`,
    refused > 0 && `${refused} refused`,
    bytesPerRequest !== undefined && `${bytesPerRequest.toFixed(1)} bytes allocated per request`,
    ringRequests !== undefined && `${ringRequests} requests over the dispatcher's rings`,
  ].filter((part) => part !== false);
  return `${wrap(`${policy} keeps its promises: ${parts.join(', ')}.`, width).join('\n')}\n`;
}
