import type { Command } from 'commander';
import { DEFAULTS } from '../../experiment/plan/run-settings.js';
import { controlFor } from '../../experiment/run/replicate.js';
import type { RunControl } from '../../experiment/run/run-control.js';
import { runReplicated } from '../../experiment/run/run-replicated.js';
import { allAgree, FULL, QUICK, validate } from '../../experiment/validate/validate-simulator.js';
import { validationCases } from '../../experiment/validate/validation-cases.js';
import { formatValidation } from '../../report/text/validation-table.js';
import type { Validation } from '../../results/validation.js';
import { complain, EXIT } from '../failure.js';
import { stopOnInterrupt } from '../interrupt.js';
import { checkOutputs, outputBeside, sendJson } from '../output.js';
import { showProgress } from '../progress.js';

interface ValidateOptions {
  readonly quick?: true;
  readonly seed?: string;
  readonly json?: string;
}

export function defineValidate(command: Command): void {
  command
    .description(
      'Simulates systems that queueing theory has solved and compares the results. Exit code 1 if one does not agree.',
    )
    .option('--quick', 'a tenth of the requests; takes seconds and finds only large errors')
    .option('--seed <S>', `seed of all random numbers (default: ${DEFAULTS.seed})`)
    .option('--json <FILE|->', 'write the checks as JSON, - for stdout')
    .action(async (options: ValidateOptions) => {
      process.exitCode = await run(options);
    });
}

async function run({ quick, seed = DEFAULTS.seed, json }: ValidateOptions): Promise<number> {
  checkOutputs({ '--json': json });
  const cases = validationCases();
  const plan = quick ? QUICK : FULL;
  let control: RunControl | undefined;
  const checks = await validate(cases, plan, seed, async (specs, first) => {
    control = controlFor(specs, { first });
    const undo = stopOnInterrupt(control);
    const { hide } = showProgress(control, `${specs.length} systems`);
    try {
      return (await runReplicated(specs, { first }, { control })).map(({ runs }) => runs);
    } finally {
      hide();
      undo();
    }
  });
  const interrupted = control?.stopped ?? false;
  if (interrupted) complain('interrupted: these are the results so far');
  const output = outputBeside(json);
  output.write(formatValidation(checks, output));
  const validation: Validation = { schema: 'psp.validation/1', seed, replications: plan.replications, checks };
  sendJson(json, validation);
  if (interrupted) return EXIT.interrupted;
  return allAgree(checks) ? EXIT.ok : EXIT.no;
}
