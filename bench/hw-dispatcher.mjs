// The dispatcher alone, over rings with native threads: dispatches per second and the tail of one turn, TypeScript against C++.
// Slices are short and interleaved, because a virtual machine loses its cores to its host now and then; medians and ratios count.
import { cpus } from 'node:os';
import { Worker } from 'node:worker_threads';

const quick = process.argv.includes('--quick');
const SLICES = quick ? 1 : 9;
const SECONDS = quick ? 0.05 : 0.25;
if (cpus().length < 2) {
  console.log('SKIPPED: the dispatcher benchmark needs two cores');
  process.exit(0);
}

const thread = (workerData) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./hw-dispatcher-thread.mjs', import.meta.url), { workerData });
    worker.once('error', reject);
    worker.once('message', () =>
      resolve({
        slice: (seconds) =>
          new Promise((done) => {
            worker.once('message', done);
            worker.postMessage({ seconds });
          }),
        end: () => worker.terminate(),
      }),
    );
  });
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

async function compare(title, variants, show) {
  const threads = [];
  for (const [name, data] of variants) {
    threads.push({
      name,
      ...(await thread({ core: 0, worldCore: 1, rate: 0, window: 64, cpp: false, policy: 'c-fcfs', ...data })),
      results: [],
    });
  }
  for (let i = 0; i < SLICES; i++) for (const each of threads) each.results.push(await each.slice(SECONDS));
  for (const each of threads) await each.end();
  console.log(`\n${title}`);
  show(threads);
}

for (const workers of [8, 14]) {
  await compare(
    `W = ${workers}, window 64: dispatches per second and core`,
    [
      ['C++ c-fcfs', { workers, cpp: true }],
      ['c-fcfs', { workers }],
      ['darc', { workers, policy: 'darc' }],
    ],
    (threads) => {
      const rates = threads.map((each) => median(each.results.map((result) => result.perSecond)));
      threads.forEach((each, i) => {
        console.log(
          `  ${each.name.padEnd(12)} ${(rates[i] / 1e6).toFixed(2).padStart(7)} M/s   ${(rates[i] / rates[0]).toFixed(2)} x C++`,
        );
      });
    },
  );
}
await compare(
  'W = 14 at 1 M requests/s: ns from the publication of an arrival to the sight of its start (p50, p99, p99.9, p99.99)',
  [
    ['C++ c-fcfs', { workers: 14, cpp: true, rate: 1e6 }],
    ['c-fcfs', { workers: 14, rate: 1e6 }],
    ['darc', { workers: 14, rate: 1e6, policy: 'darc' }],
  ],
  (threads) => {
    const medians = threads.map((each) =>
      [0, 1, 2, 3].map((q) => median(each.results.map((result) => result.latencies[q]))),
    );
    threads.forEach((each, i) => {
      console.log(
        `  ${each.name.padEnd(12)} ${medians[i].map((ns) => ns.toFixed(0).padStart(6)).join(' ')}   p99.9 ${(medians[i][2] / medians[0][2]).toFixed(2)} x C++`,
      );
    });
  },
);
