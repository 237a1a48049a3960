import type { Command } from 'commander';
import { checkHosts } from '../../experiment/hosts/check-hosts.js';
import { serveOrchestrator } from '../../experiment/hosts/host-end.js';
import type { Host } from '../../experiment/hosts/hosts-file.js';
import { onHost } from '../../experiment/hosts/on-host.js';
import { pushHosts } from '../../experiment/hosts/push-hosts.js';
import { readHostsFile } from '../../experiment/hosts/read-testbed.js';
import { packageVersion } from '../../experiment/package-info.js';
import { InputError } from '../../units/errors.js';
import { complain, EXIT } from '../failure.js';
import { abortOnSignal } from '../interrupt.js';
import { outputTo } from '../output.js';

const EXAMPLES = `
Examples:
  psp testbed check --hosts configs/cloudlab.yaml
  psp testbed push --hosts configs/cloudlab.yaml
  psp testbed run --hosts configs/cloudlab.yaml -- git pull
  psp testbed run --hosts configs/cloudlab.yaml --role client -- uptime`;

export function defineTestbed(command: Command): void {
  command
    .description("Looks after the machines of an experiment, over the user's own ssh. See docs/testbed.md.")
    .addHelpText('after', EXAMPLES);
  command
    .command('check')
    .description(
      'Checks on every host at once: version and policies of psp, clock, psp doctor, and that a request of each ' +
        'client reaches the server. Exit code 1 if one is not ready.',
    )
    .requiredOption('--hosts <FILE>', 'the machines; see configs/cloudlab.yaml')
    .action(async ({ hosts }: { hosts: string }) => {
      process.exitCode = await check(hosts);
    });
  command
    .command('push')
    .description(
      'Packs this psp, copies it into the folder of every host at once, and builds the addon there. The folder is ' +
        'replaced when that is done. Exit code 1 if it fails on one.',
    )
    .requiredOption('--hosts <FILE>', 'the machines; see configs/cloudlab.yaml')
    .action(async ({ hosts }: { hosts: string }) => {
      process.exitCode = await push(readHostsFile(hosts));
    });
  command
    .command('end', { hidden: true })
    .description('What runs on a host while an orchestrator is connected to it; nobody types this.')
    .action(async () => {
      // Nothing that is still open may keep it.
      process.exit(await serveOrchestrator(process.stdin, process.stdout));
    });
  command
    .command('run')
    .description('Runs a command in the folder of psp on every host at once. Exit code 1 if it fails on one.')
    .argument('<COMMAND...>', 'after --')
    .requiredOption('--hosts <FILE>', 'the machines; see configs/cloudlab.yaml')
    .option('--role <ROLE>', 'only on the server, or only on the clients')
    .action(async (words: string[], { hosts, role }: { hosts: string; role?: string }) => {
      if (role !== undefined && role !== 'server' && role !== 'client') {
        throw new InputError(`--role: expected server or client, found '${role}'`);
      }
      process.exitCode = await run(
        readHostsFile(hosts).filter((host) => role === undefined || host.role === role),
        words,
      );
    });
}

async function check(file: string): Promise<number> {
  const { signal, undo } = abortOnSignal();
  try {
    const hosts = readHostsFile(file);
    const checked = await checkHosts(file, hosts, signal);
    const width = Math.max(...hosts.map(({ name }) => name.length));
    const { write } = outputTo(process.stdout);
    for (const { host, faults, found } of checked) {
      write(`${faults.length === 0 ? 'ok  ' : 'fail'} ${host.name.padEnd(width)} ${host.role} ${found}\n`);
      for (const fault of faults) write(`     ${' '.repeat(width)} ${fault}\n`);
    }
    if (signal.aborted) return EXIT.interrupted;
    return checked.some(({ faults }) => faults.length > 0) ? EXIT.no : EXIT.ok;
  } finally {
    undo();
  }
}

async function push(hosts: readonly Host[]): Promise<number> {
  const { signal, undo } = abortOnSignal();
  const width = Math.max(...hosts.map(({ name }) => name.length));
  try {
    const pushed = await pushHosts(hosts, signal);
    if (signal.aborted) return EXIT.interrupted;
    for (const { host, fault } of pushed) {
      const found = fault ?? `psp ${packageVersion()} in ${host.folder}`;
      outputTo(process.stdout).write(`${fault === undefined ? 'ok  ' : 'fail'} ${host.name.padEnd(width)} ${found}\n`);
    }
    return pushed.some(({ fault }) => fault !== undefined) ? EXIT.no : EXIT.ok;
  } finally {
    undo();
  }
}

async function run(hosts: readonly Host[], words: readonly string[]): Promise<number> {
  const { signal, undo } = abortOnSignal();
  const { write } = outputTo(process.stdout);
  const width = Math.max(0, ...hosts.map(({ name }) => name.length));
  const onLine = (host: Host, line: string): void => write(`${host.name.padEnd(width)} | ${line}\n`);
  try {
    const outcomes = await Promise.all(hosts.map((host) => onHost(host, words, { signal, onLine })));
    const failed = outcomes.filter(({ code }) => code !== 0);
    if (signal.aborted) return EXIT.interrupted;
    for (const { host, code } of failed) complain(`${host.name}: exit code ${code}`);
    return failed.length > 0 ? EXIT.no : EXIT.ok;
  } finally {
    undo();
  }
}
