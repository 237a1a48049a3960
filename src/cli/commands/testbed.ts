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
    .action(({ hosts }: { hosts: string }) => check(hosts));
  command
    .command('push')
    .description(
      'Packs this psp, copies it into the folder of every host at once, and builds the addon there. The folder is ' +
        'replaced when that is done. Exit code 1 if it fails on one.',
    )
    .requiredOption('--hosts <FILE>', 'the machines; see configs/cloudlab.yaml')
    .action(({ hosts }: { hosts: string }) => push(readHostsFile(hosts)));
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
      await run(
        readHostsFile(hosts).filter((host) => role === undefined || host.role === role),
        words,
      );
    });
}

async function check(file: string): Promise<void> {
  const hosts = readHostsFile(file);
  await untilSignal(async (signal) => {
    const checked = await checkHosts(file, hosts, signal);
    const named = nameOf(hosts);
    for (const { host, faults, found } of checked) {
      print(`${faults.length === 0 ? 'ok  ' : 'fail'} ${named(host)} ${host.role} ${found}`);
      for (const fault of faults) print(`     ${' '.repeat(named(host).length)} ${fault}`);
    }
    return checked.every(({ faults }) => faults.length === 0);
  });
}

async function push(hosts: readonly Host[]): Promise<void> {
  await untilSignal(async (signal) => {
    const pushed = await pushHosts(hosts, signal);
    if (signal.aborted) return false;
    const named = nameOf(hosts);
    for (const { host, fault } of pushed) {
      const found = fault ?? `psp ${packageVersion()} in ${host.folder}`;
      print(`${fault === undefined ? 'ok  ' : 'fail'} ${named(host)} ${found}`);
    }
    return pushed.every(({ fault }) => fault === undefined);
  });
}

async function run(hosts: readonly Host[], words: readonly string[]): Promise<void> {
  const named = nameOf(hosts);
  const onLine = (host: Host, line: string): void => print(`${named(host)} | ${line}`);
  await untilSignal(async (signal) => {
    const outcomes = await Promise.all(hosts.map((host) => onHost(host, words, { signal, onLine })));
    const failed = signal.aborted ? [] : outcomes.filter(({ code }) => code !== 0);
    for (const { host, code } of failed) complain(`${host.name}: exit code ${code}`);
    return failed.length === 0;
  });
}

/** Does something on hosts that a signal ends. It returns whether all went well, which the exit code says. */
async function untilSignal(work: (signal: AbortSignal) => Promise<boolean>): Promise<void> {
  const { signal, undo } = abortOnSignal();
  try {
    const isWell = await work(signal);
    process.exitCode = signal.aborted ? EXIT.interrupted : isWell ? EXIT.ok : EXIT.no;
  } finally {
    undo();
  }
}

/** The name of a host, as wide as the longest. */
function nameOf(hosts: readonly Host[]): (host: Host) => string {
  const width = Math.max(0, ...hosts.map(({ name }) => name.length));
  return ({ name }) => name.padEnd(width);
}

function print(line: string): void {
  outputTo(process.stdout).write(`${line}\n`);
}
