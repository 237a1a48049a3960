// Reads V8's own trace: for 20 s at 2 M requests/s the dispatcher must not collect garbage or lose compiled code.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const quick = process.argv.includes('--quick');
const seconds = quick ? 1 : 20;
const RATE = 2e6;
/** Below this share of the rate the dispatcher, or this machine, did not keep up, and the run shows nothing. */
const REACHED = 0.98;
const child = fileURLToPath(new URL('./hw-steady-child.mjs', import.meta.url));
let failed = false;
for (const policy of ['c-fcfs', 'darc']) {
  // stdbuf, because V8 writes its trace through C's stdout, whose buffer would move lines across the marks.
  const args = ['-o0', process.execPath, '--trace-gc', '--trace-deopt', child, String(seconds), policy];
  const { stdout, status, stderr } = spawnSync('stdbuf', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const [, measured] = stdout.split('PSP MEASURE');
  const [during, end] = (measured ?? '').split('PSP END');
  if (status !== 0 || end === undefined) throw new Error(`the child failed: ${stderr}`);
  const collections = during.split('\n').filter((line) => /Scavenge|Mark-Compact/.test(line));
  const deopts = during.split('\n').filter((line) => line.includes('bailout'));
  const perSecond = Number.parseFloat(end);
  const rate = (perSecond / 1e6).toFixed(2);
  const reached = perSecond >= REACHED * RATE;
  console.log(
    `${policy}: ${seconds} s at ${rate} M requests/s: ${collections.length} collections, ${deopts.length} ` +
      `deoptimisations (targets: 0, 0${reached ? '' : `; 2 M requests/s NOT REACHED`})`,
  );
  for (const line of [...collections, ...deopts].slice(0, 5)) console.log(`  ${line.trim().slice(0, 160)}`);
  failed ||= collections.length + deopts.length > 0 || (!reached && !quick);
}
process.exitCode = failed ? 1 : 0;
