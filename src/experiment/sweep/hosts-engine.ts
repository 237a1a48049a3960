/** Runs points on the machines of a testbed, one at a time, and keeps what each host said. */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../files/folders.js';
import type { HostLog } from '../hosts/host-connection.js';
import type { Testbed } from '../hosts/read-testbed.js';
import { runOnHosts } from '../hosts/run-on-hosts.js';
import type { Engine } from './engine.js';
import { hardwareEngine } from './hardware-engine.js';
import type { PlannedPoint } from './planned-point.js';

/**
 * Points that are not real are simulated here.
 *
 * @param out the folder of the sweep; what a host says goes into `logs/KEY/HOST.txt` there
 * @returns an engine that throws an EnvironmentError when the first run finds a host that is not ready
 */
export function hostsEngine(testbed: Testbed, out: string, options: { readonly retries?: number } = {}): Engine {
  const { server, clients, digest } = testbed;
  const note = `hosts: server ${server.host.name}; clients ${clients.map(({ host }) => host.name).join(', ')}`;
  return {
    async run(points, hooks) {
      const ending = new AbortController();
      let areReady = false;
      let refusal: Error | undefined;
      // A host that is missing at the first run, or of another version, would fail every point.
      const onGreeted = (refused?: Error): void => {
        areReady ||= refused === undefined;
        if (areReady || hooks.signal.aborted) return;
        refusal = refused;
        ending.abort();
      };
      const engine = hardwareEngine({
        ...options,
        hosts: { digest, note },
        runOnce: (spec, { signal }, planned) =>
          runOnHosts(testbed, spec, { onLog: logOf(out, planned), onGreeted, ...(signal && { signal }) }),
      });
      await engine.run(points, { ...hooks, signal: AbortSignal.any([hooks.signal, ending.signal]) });
      if (refusal) throw refusal;
    },
  };
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
