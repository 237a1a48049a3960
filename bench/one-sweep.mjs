// Runs one sweep into a folder, as `psp sweep` does: `one-sweep.mjs FOLDER POINTS REQUESTS`. Prints the seconds from
// the start of the process to the end of the tables, and its processor time.
import { localEngine } from '../dist/experiment/sweep/local-engine.js';
import { planSweep } from '../dist/experiment/sweep/plan-sweep.js';
import { runSweep } from '../dist/experiment/sweep/run-sweep.js';

const [out, points, requests] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
/** The policies that psp compares by default. */
const POLICIES = 4;
const load = Array.from({ length: points / POLICIES }, (_, i) => 0.2 + (0.7 * i * POLICIES) / points);
const planned = await planSweep([{ lists: { workload: ['bimodal'], load, requests: [requests] } }]);
const { ran } = await runSweep(planned, { out, engine: localEngine() });
if (ran !== points) throw new Error(`expected ${points} points, found ${ran}`);
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ seconds: performance.now() / 1000, cpuSeconds: (user + system) / 1e6 }));
