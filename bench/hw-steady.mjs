// Reads V8's own trace: for 20 s at 2 M requests/s the dispatcher must not collect garbage or lose compiled code; nor
// must a dispatcher that polls the network itself (poll: inline), for millions of requests over memif.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const quick = process.argv.includes('--quick');
const seconds = quick ? 0.3 : 20;
const RATE = 2e6;
/** Below this share of the rate the dispatcher, or this machine, did not keep up, and the run shows nothing. */
const REACHED = 0.98;
const INLINE_REQUESTS = quick ? 20_000 : 4_000_000;
let failed = false;
for (const policy of ['c-fcfs', 'darc']) {
  const { perSecond, collections, deopts } = traced('hw-steady-child.mjs', seconds, policy);
  const reached = perSecond >= REACHED * RATE;
  report(
    `${policy}: ${seconds} s at ${(perSecond / 1e6).toFixed(2)} M requests/s`,
    { collections, deopts },
    reached ? '' : '; 2 M requests/s NOT REACHED',
  );
  failed ||= !reached && !quick;
}
for (const policy of ['c-fcfs', 'darc']) {
  const { perSecond, ...lost } = traced('hw-steady-inline.mjs', INLINE_REQUESTS, policy);
  const rate = (perSecond / 1e6).toFixed(2);
  report(`${policy}, poll: inline: ${INLINE_REQUESTS} requests over memif at ${rate} M requests/s`, lost, '');
}
process.exitCode = failed ? 1 : 0;

/** What V8 says between the marks of a child. */
function traced(name, ...args) {
  const child = fileURLToPath(new URL(name, import.meta.url));
  // stdbuf, because V8 writes its trace through C's stdout, whose buffer would move lines across the marks.
  const command = ['-o0', process.execPath, '--trace-gc', '--trace-deopt', child, ...args.map(String)];
  const { stdout, status, stderr } = spawnSync('stdbuf', command, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const [, measured] = stdout.split('PSP MEASURE');
  const [during, end] = (measured ?? '').split('PSP END');
  // The first to collect is the main thread, whose own garbage disturbs nobody.
  const [, main] = /\[\d+:(0x\w+)\]/.exec(stdout) ?? [];
  if (status !== 0 || end === undefined) throw new Error(`the child failed: ${stderr}`);
  return {
    perSecond: Number.parseFloat(end),
    collections: during.split('\n').filter((line) => /Scavenge|Mark-Compact/.test(line) && !line.includes(main)),
    deopts: during.split('\n').filter((line) => line.includes('bailout')),
  };
}

function report(what, { collections, deopts }, more) {
  console.log(`${what}: ${collections.length} collections, ${deopts.length} deoptimisations (targets: 0, 0${more})`);
  for (const line of [...collections, ...deopts].slice(0, 5)) console.log(`  ${line.trim().slice(0, 160)}`);
  failed ||= collections.length + deopts.length > 0;
}
