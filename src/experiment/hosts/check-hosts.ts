/** Is each machine of a testbed ready? Version, code of the policies, clock, doctor, and the way between data ports. */

import { ownHashes } from '../../policy-files/policy-hashes.js';
import { clockAheadMs, connectHost, greet } from './host-connection.js';
import type { Host } from './hosts-file.js';
import { configText, readTestbed } from './read-testbed.js';
import { probeClients } from './run-on-hosts.js';

/** Clocks further apart than this make logs of several machines hard to read, ms. */
const MOST_APART_MS = 1000;
const CHECK_LIMIT_MS = 60_000;

/** What a check found on a host. */
export interface CheckedHost {
  readonly host: Host;
  readonly faults: readonly string[];
  /** Empty when the host could not be asked. */
  readonly found: string;
}

/**
 * Asks all hosts at once. If they are ready and have configurations, one request of each client goes over the data
 * ports.
 *
 * @throws InputError when a configuration is wrong
 */
export async function checkHosts(
  file: string,
  hosts: readonly Host[],
  signal: AbortSignal,
): Promise<readonly CheckedHost[]> {
  const checked = await Promise.all(hosts.map((host) => checkHost(file, host, signal)));
  const isReady = checked.every(({ faults }) => faults.length === 0);
  const isComplete = hosts.length > 1 && hosts.every(({ config }) => config !== undefined);
  if (!isReady || !isComplete || signal.aborted) return checked;
  const faults = await probe(file, hosts, signal);
  return checked.map(({ host, found }) => {
    const fault = faults.get(host.name);
    if (fault !== undefined) return { host, found, faults: [fault] };
    return {
      host,
      found: host.role === 'client' && faults.size === 0 ? `${found}, server answered` : found,
      faults: [],
    };
  });
}

async function probe(file: string, hosts: readonly Host[], signal: AbortSignal): Promise<Map<string, string>> {
  try {
    return await probeClients(readTestbed(file), signal);
  } catch (error) {
    return new Map([[hosts.find(({ role }) => role === 'server')!.name, (error as Error).message]]);
  }
}

async function checkHost(file: string, host: Host, signal: AbortSignal): Promise<CheckedHost> {
  const config = configText(file, host);
  const connection = connectHost(host);
  const stop = () => void connection.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const { version, policies } = await greet(connection);
    const aheadMs = await clockAheadMs(connection);
    const { begin, next } = connection;
    await begin({ role: 'check', as: host.role, ...(config && { config }) });
    const { checks } = await next('checked', CHECK_LIMIT_MS);
    return {
      host,
      faults: [
        ...otherPolicies(policies),
        ...(Math.abs(aheadMs) > MOST_APART_MS
          ? [`its clock is ${(aheadMs / 1000).toFixed(1)} s from the one here`]
          : []),
        ...checks.filter(({ verdict }) => verdict === 'fail').map(({ name, found }) => `fail ${name}: ${found}`),
      ],
      found: `psp ${version}, clock ${aheadMs.toFixed(0)} ms apart`,
    };
  } catch (error) {
    return { host, faults: [(error as Error).message.replace(`${host.name}: `, '')], found: '' };
  } finally {
    signal.removeEventListener('abort', stop);
    await connection.close();
  }
}

/** Policies whose code on a host is another than here: it would run something else than what its result says. */
function otherPolicies(there: Readonly<Record<string, string>>): string[] {
  const here = ownHashes();
  const others = Object.keys(here).filter((name) => !Object.hasOwn(there, name) || there[name] !== here[name]);
  return others.length === 0 ? [] : [`another code than here: ${others.join(', ')}; psp testbed push updates it`];
}
