/** The machines of a testbed, from a file of hosts; configs/cloudlab.yaml describes the form. */

import { ip, mac } from '../../hw/machine/config.js';
import { flag } from '../../hw/machine/config-fields.js';
import { type Checker, type Field, show } from '../../input/checker.js';
import { anything, list, name, optional, text } from '../../input/fields.js';
import { readChecked } from '../../input/read-checked.js';

export type HostRole = 'server' | 'client';

export interface Host {
  readonly name: string;
  /** What the user's own ssh is given: a name of its configuration, or USER@ADDRESS. */
  readonly ssh: string;
  /** More arguments for ssh, such as -p 2222. */
  readonly sshOptions: readonly string[];
  readonly role: HostRole;
  /** Where psp is there. */
  readonly folder: string;
  /** Its configuration: a file here, relative to the file of hosts. It travels with each run. */
  readonly config?: string;
  /** Of a client: instead of the address in its configuration, so that clients can share one. */
  readonly address?: HostAddress;
  /** Run psp as root there. */
  readonly sudo?: true;
  readonly env: Readonly<Record<string, string>>;
}

export interface HostAddress {
  readonly ip: string;
  readonly mac?: string;
}

const role: Field<HostRole> = (input) => {
  if (input === 'server' || input === 'client') return input;
  throw new Error(`expected server or client, found ${show(input)}`);
};

/** A destination that begins with a dash would be an option of ssh. */
const destination: Field<string> = (input) => {
  const given = text(input);
  if (/^-|\s/.test(given))
    throw new Error(`expected a destination of ssh, such as node0 or me@10.0.0.1, found '${given}'`);
  return given;
};

/**
 * Reads a file of hosts.
 *
 * @throws InputError with everything that is wrong, each with its line
 */
export function parseHosts(yaml: string, fileName: string): readonly Host[] {
  return readChecked(yaml, fileName, readHosts);
}

function readHosts(value: unknown, checker: Checker): readonly Host[] | undefined {
  const fields = checker.map({ hosts: list('machines') }, value);
  if (!fields) return undefined;
  const hosts = fields.hosts.map((item, i) => readHost(item, checker.at('hosts', i)));
  const known = hosts.filter((host) => host !== undefined);
  if (known.length < hosts.length) return undefined;
  const names = known.map((host) => host.name);
  const twice = names.find((each, i) => names.indexOf(each) !== i);
  if (twice !== undefined) return checker.at('hosts').refuse(`expected names that differ, found ${twice} twice`);
  const servers = known.filter((host) => host.role === 'server').length;
  if (servers !== 1) return checker.at('hosts').refuse(`expected one server, found ${servers}`);
  return known;
}

function readHost(item: unknown, checker: Checker): Host | undefined {
  const fields = checker.map(
    {
      name,
      ssh: destination,
      sshOptions: optional(list('arguments for ssh')),
      role,
      folder: text,
      config: optional(text),
      address: anything,
      sudo: optional(flag),
      env: anything,
    },
    item,
  );
  if (!fields) return undefined;
  // It names a file of what the host said.
  if (!/^[\w][\w.-]*$/.test(fields.name)) {
    return checker.at('name').refuse(`expected letters, digits, ., _ and -, found ${show(fields.name)}`);
  }
  const address =
    fields.address === undefined ? undefined : checker.at('address').map({ ip, mac: optional(mac) }, fields.address);
  if (fields.role === 'server' && address) {
    return checker.at('address').refuse("expected none: clients look for the server at their configuration's address");
  }
  const env = fields.env === undefined ? {} : readEnvironment(fields.env, checker.at('env'));
  if (!env) return undefined;
  const { ssh, folder, config, sudo, sshOptions = [] } = fields;
  return {
    ...{ name: fields.name, ssh, role: fields.role, folder },
    ...(config !== undefined && { config }),
    ...(address && { address: { ip: address.ip, ...(address.mac !== undefined && { mac: address.mac }) } }),
    ...(sudo && { sudo }),
    sshOptions: sshOptions.map(String),
    env,
  };
}

function readEnvironment(value: unknown, checker: Checker): Record<string, string> | undefined {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap) return checker.refuse(`expected a map of variables, found ${show(value)}`);
  const wrong = Object.keys(value).find((key) => !/^[A-Za-z_]\w*$/.test(key));
  if (wrong !== undefined) return checker.refuse(`expected names of variables, found ${show(wrong)}`);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, String(each)]));
}
