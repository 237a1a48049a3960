import { lstatSync } from 'node:fs';
import type { Command } from 'commander';
import { newPolicyFiles } from '../../policy-files/new-policy.js';
import { policies } from '../../scheduler/policy-registry.js';
import { InputError } from '../../units/errors.js';
import { outputTo, send } from '../output.js';

export function defineNew(command: Command): void {
  command
    .description('Writes a policy that works, with comments, and its test, into this folder. Overwrites nothing.')
    .argument('<KIND>', 'policy')
    .argument('<NAME>', 'its name: lower-case letters, digits and dashes, such as short-first')
    .addHelpText('after', '\nExample:\n  psp new policy short-first')
    .action(writeNew);
}

function writeNew(kind: string, name: string): void {
  if (kind !== 'policy') throw new InputError(`expected psp new policy NAME, found psp new ${kind}`);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 60) {
    throw new InputError(
      `the name of a policy: expected lower-case letters, digits and dashes, from a letter on, such as short-first, ` +
        `found '${name}'`,
    );
  }
  if (policies.some((policy) => policy.name === name))
    throw new InputError(`psp has a policy '${name}': expected another name`);
  const files = Object.entries(newPolicyFiles(name));
  // A dangling link is also something that is there.
  const there = files.map(([file]) => file).find((file) => lstatSync(file, { throwIfNoEntry: false }));
  if (there !== undefined) throw new InputError(`${there}: is there already: expected a new file`);
  for (const [file, text] of files) send(file, text);
  outputTo(process.stdout).write(
    `Wrote ${files.map(([file]) => file).join(' and ')}. To run:\n` +
      `  npx psp check ./${name}.ts\n` +
      `  npx psp sim --workload bimodal --policy ./${name}.ts,c-fcfs\n` +
      `  node --test ${name}.test.mjs\n`,
  );
}
