/** The machines of a testbed with their configurations: all that a run on them needs to be told. */

import { dirname, resolve } from 'node:path';
import { configOfRole, type HardwareConfig, parseHardwareConfig } from '../../hw/machine/config.js';
import { sha256 } from '../../policy-files/bundle-policy.js';
import { InputError } from '../../units/errors.js';
import { readText } from '../plan/files.js';
import { canonicalJson } from '../plan/run-spec.js';
import type { SentConfig } from './host-messages.js';
import { type Host, parseHosts } from './hosts-file.js';

/** A machine with its configuration. */
export interface TestbedMachine {
  readonly host: Host;
  readonly config: SentConfig;
}

export interface Testbed {
  /** The file of hosts, as it was named. */
  readonly file: string;
  readonly server: TestbedMachine;
  /** In the order of the file: client i sends every request whose number leaves i. */
  readonly clients: readonly TestbedMachine[];
  /** Of all that may change a result: which machines play which roles, and their configurations. */
  readonly digest: string;
}

/** @throws InputError */
export function readHostsFile(path: string): readonly Host[] {
  return parseHosts(readText(path), path);
}

/** The configuration of a host, as it travels; undefined when the file of hosts names none. @throws InputError */
export function configText(hostsFile: string, { config }: Host): SentConfig | undefined {
  if (config === undefined) return undefined;
  return { text: readText(resolve(dirname(hostsFile), config), config), fileName: config };
}

/**
 * Reads a file of hosts for runs on all of them.
 *
 * @throws InputError when it is wrong, has no client, or configurations do not fit each other
 */
export function readTestbed(file: string): Testbed {
  const hosts = readHostsFile(file);
  const machines = hosts.map((host) => {
    const config = configText(file, host);
    if (!config) throw new InputError(`${file}: ${host.name}: expected a config: file for its part of a run`);
    return { host, config, parsed: partOf(host, config) };
  });
  const server = machines.find(({ host }) => host.role === 'server')!;
  const clients = machines.filter(({ host }) => host.role === 'client');
  if (clients.length === 0) throw new InputError(`${file}: expected at least one client, found none`);
  for (const { host, config, parsed } of clients) {
    if (parsed.frame === server.parsed.frame) continue;
    throw new InputError(`${config.fileName}: ${host.name}: expected frame ${server.parsed.frame}, as the server has`);
  }
  const identity = machines.map(({ host: { name, role, address }, config: { text } }) => [name, role, address, text]);
  return { file, server, clients, digest: sha256(canonicalJson(identity)) };
}

function partOf({ name, role }: Host, { text, fileName }: SentConfig): HardwareConfig {
  const parsed = parseHardwareConfig(text, fileName);
  if (parsed[role] === undefined) throw new InputError(`${fileName}: ${name}: expected a ${role}: section, found none`);
  return configOfRole(parsed, role);
}
