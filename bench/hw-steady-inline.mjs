// Runs a server whose dispatcher polls the network, under a closed loop of another process, with marks on stdout around
// the requests that count. See hw-steady.mjs.
import { mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../dist/hw/run/child-process.js';
import { startServer } from '../dist/hw/server/server.js';
import { parsePolicy } from '../dist/scheduler/policy-registry.js';
import { clientOrder, serverOrder, workload } from './hw-loopback.mjs';

const requests = Number(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'psp-steady-'));
const socket = join(folder, 'memif.sock');
const server = await startServer({ ...serverOrder(socket, 'inline'), policy: parsePolicy(process.argv[3]), workload });

/** Returns the requests answered per second. */
async function load(count) {
  const child = new Child('load generator');
  child.send({ kind: 'client', order: clientOrder(socket, { window: 64, requests: count }) });
  const { counts, durationNs } = await child.next('clientDone');
  await child.end();
  return counts.received / (durationNs / 1e9);
}

// The first requests belong to the warm-up.
await load(Math.ceil(requests / 4));
writeSync(1, '\nPSP MEASURE\n');
const perSecond = await load(requests);
writeSync(1, `\nPSP END ${perSecond}\n`);
await server.stop();
rmSync(folder, { recursive: true });
