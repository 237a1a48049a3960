// Measures end to end over memif: a load generator in its own process, the dispatcher, one worker with nothing to do,
// and back, with a net thread (poll: thread) and without (poll: inline). Prints the unloaded round trip (one request
// under way) and the rate of a closed loop with 64 under way, as medians of short slices played in turn. Where there
// are fewer cores than threads, the threads yield, and the figures are mostly those of the machine's scheduler; then
// the inline form is also measured with a core for the dispatcher alone.
import { availableParallelism } from 'node:os';
import { median } from 'simple-statistics';
import { allowedCores } from '../dist/hw/machine/cores.js';
import { runLoopback } from '../dist/hw/run/loopback.js';
import { clientOrder, poll, serverOrder } from './hw-loopback.mjs';

const quick = process.argv.includes('--quick');
const SLICES = quick ? 1 : 5;
/** For two cores; the net thread's own figure is what it was before there was another form. */
const TARGETS = { inline: { p50Us: 8.9, rate: 1e6 }, thread: { p50Us: 8.9, rate: 288e3 } };

const [first, second] = allowedCores().slice(-2);
const forms = [
  { name: 'poll: thread', net: 'thread' },
  { name: 'poll: inline', net: 'inline' },
  ...(poll === 'yield' && second !== undefined
    ? [
        {
          name: 'poll: inline, the dispatcher alone on a core',
          net: 'inline',
          cores: { dispatcher: second, workers: [first] },
          core: first,
        },
      ]
    : []),
];

/** Plays one slice, with a limit of requests under way. */
async function slice({ net, cores, core }, window, requests) {
  const { client } = await runLoopback({
    server: (socket) => serverOrder(socket, net, cores),
    client: (socket) => clientOrder(socket, { window, requests, core }),
  });
  const { sentNs, repliedNs } = client.records;
  const answered = Array.from(repliedNs.keys()).filter((i) => !Number.isNaN(repliedNs[i]));
  const from = Math.min(...answered.map((i) => sentNs[i]).slice(0, window));
  const to = answered.reduce((latest, i) => Math.max(latest, repliedNs[i]), 0);
  return { p50Ns: median(answered.map((i) => repliedNs[i] - sentNs[i])), rate: (answered.length / (to - from)) * 1e9 };
}

const played = forms.map(() => ({ single: [], many: [] }));
for (let i = 0; i < SLICES; i++) {
  for (const [at, form] of forms.entries()) {
    played[at].single.push(await slice(form, 1, quick ? 2_000 : 20_000));
    played[at].many.push(await slice(form, 64, quick ? 10_000 : 200_000));
  }
}
const cores = availableParallelism();
const how = poll === 'spin' ? 'spinning' : `yielding (${cores} cores for 3 busy threads, or 4 with a net thread)`;
console.log(`memif, two processes, ${how}, medians of ${SLICES}:`);
for (const [at, { name, net }] of forms.entries()) {
  const p50Us = median(played[at].single.map((each) => each.p50Ns)) / 1e3;
  const rate = median(played[at].many.map((each) => each.rate));
  const target = TARGETS[net];
  const judged = (met) => (met ? 'met' : 'MISSED');
  console.log(` ${name}`);
  console.log(
    `  one request under way: round trip p50 ${p50Us.toFixed(2)} us   ` +
      `target below ${target.p50Us} us: ${judged(p50Us <= target.p50Us)}`,
  );
  console.log(
    `  64 under way: ${(rate / 1e6).toFixed(3)} M requests/s   ` +
      `target ${target.rate / 1e6} M/s: ${judged(rate >= target.rate)}`,
  );
}
