import type { Command } from 'commander';
import { type Host, parseHosts } from '../../experiment/hosts/hosts-file.js';
import { type HostOutcome, onHost } from '../../experiment/hosts/on-host.js';
import { packageVersion } from '../../experiment/package-info.js';
import { readText } from '../../experiment/plan/files.js';
import { InputError } from '../../units/errors.js';
import { complain, EXIT } from '../failure.js';
import { abortOnSignal } from '../interrupt.js';
import { outputTo } from '../output.js';

const EXAMPLES = `
Examples:
  psp testbed check --hosts configs/cloudlab.yaml
  psp testbed run --hosts configs/cloudlab.yaml -- git pull
  psp testbed run --hosts configs/cloudlab.yaml --role client -- uptime`;

/** Clocks further apart than this make logs of several machines hard to read, s. */
const MOST_APART_S = 1;

export function defineTestbed(command: Command): void {
  command
    .description("Looks after the machines of an experiment, over the user's own ssh. See docs/testbed.md.")
    .addHelpText('after', EXAMPLES);
  command
    .command('check')
    .description('Checks version, clock and psp doctor on every host at once. Exit code 1 if one is not ready.')
    .requiredOption('--hosts <FILE>', 'the machines; see configs/cloudlab.yaml')
    .action(async ({ hosts }: { hosts: string }) => {
      process.exitCode = await check(readHostsFile(hosts));
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

function readHostsFile(path: string): readonly Host[] {
  return parseHosts(readText(path), path);
}

const PSP = ['node', 'dist/bin/main.js'];

/** What `check` found on a host. */
interface Checked {
  readonly host: Host;
  readonly faults: readonly string[];
  readonly found: string;
}

async function check(hosts: readonly Host[]): Promise<number> {
  const { signal, undo } = abortOnSignal();
  try {
    const checked = await Promise.all(hosts.map((host) => checkHost(host, signal)));
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

async function checkHost(host: Host, signal: AbortSignal): Promise<Checked> {
  const version = await onHost(host, [...PSP, '--version'], { signal });
  if (version.code !== 0) return { host, faults: [lastWords(version)], found: '' };
  const faults: string[] = [];
  const there = version.out.trim();
  if (there !== packageVersion()) faults.push(`psp ${there}: expected ${packageVersion()}, as here`);
  const clock = await onHost(host, ['date', '+%s.%N'], { signal });
  const apartS = Number(clock.out) - (clock.sentMs + clock.endedMs) / 2000;
  if (!(Math.abs(apartS) <= MOST_APART_S)) faults.push(`its clock is ${apartS.toFixed(1)} s from the one here`);
  const asked = host.config === undefined ? [] : ['--config', host.config, '--role', host.role];
  const doctor = await onHost(host, [...PSP, 'doctor', ...asked], { signal });
  const complaints = doctor.out.split('\n').filter((line) => line.startsWith('fail'));
  if (doctor.code !== 0) faults.push(...(complaints.length > 0 ? complaints : [lastWords(doctor)]));
  return { host, faults, found: `psp ${there}, clock ${(apartS * 1000).toFixed(0)} ms apart` };
}

function lastWords({ code, err }: HostOutcome): string {
  const last = err.trim().split('\n').at(-1);
  return last ? last : `exit code ${code}`;
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
