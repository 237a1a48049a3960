/** Runs points on the machines of a testbed, one at a time, and keeps what each host said. */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectHost, greet, type HostLog } from '../hosts/host-connection.js';
import type { Testbed } from '../hosts/read-testbed.js';
import { runOnHosts } from '../hosts/run-on-hosts.js';
import { makeFolder } from '../plan/files.js';
import type { Engine } from './engine.js';
import { hardwareEngine } from './hardware-engine.js';
import type { PlannedPoint } from './planned-point.js';

/**
 * Points that are not real are simulated here.
 *
 * @param out the folder of the sweep; what a host says goes into `logs/KEY/HOST.txt` there
 */
export function hostsEngine(testbed: Testbed, out: string, options: { readonly retries?: number } = {}): Engine {
  const { server, clients, digest } = testbed;
  const note = `hosts: server ${server.host.name}; clients ${clients.map(({ host }) => host.name).join(', ')}`;
  const engine = hardwareEngine({
    ...options,
    hosts: { digest, note },
    runOnce: (spec, { signal }, planned) =>
      runOnHosts(testbed, spec, { onLog: logOf(out, planned), ...(signal && { signal }) }),
  });
  return {
    async run(points, hooks) {
      // A host that is missing, or of another version, would fail every point.
      if (points.some(({ real }) => real !== undefined)) await refuseUnready(testbed, hooks.signal);
      if (!hooks.signal.aborted) await engine.run(points, hooks);
    },
  };
}

/** @throws EnvironmentError with the first host that cannot be reached, or has another psp than here */
async function refuseUnready({ server, clients }: Testbed, signal: AbortSignal): Promise<void> {
  const connections = [server, ...clients].map(({ host }) => connectHost(host));
  const closeAll = () => Promise.all(connections.map(({ close }) => close()));
  const onAbort = () => void closeAll();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.all(connections.map(greet));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await closeAll();
  }
}

/** Adds lines to the file of a host for one point, with the time. */
function logOf(out: string, { key }: PlannedPoint): HostLog {
  const folder = join(out, 'logs', key);
  makeFolder(folder);
  return ({ name }, line) => {
    try {
      appendFileSync(join(folder, `${name}.txt`), `${new Date().toISOString()} ${line}\n`);
    } catch {
      // On a full disk the point cannot be written either, which ends the sweep.
    }
  };
}
