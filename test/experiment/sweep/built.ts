/** What starts threads is taken from the build: Node cannot run a thread from TypeScript. */
const module = (name: string) =>
  import(/* @vite-ignore */ new URL(`../../../dist/experiment/${name}.js`, import.meta.url).href);

export const { runReplicated } = (await module(
  'run/run-replicated',
)) as typeof import('../../../src/experiment/run/run-replicated.js');
export const { createThreadPool } = (await module(
  'run/thread-pool',
)) as typeof import('../../../src/experiment/run/thread-pool.js');
const { localEngine } = (await module(
  'sweep/local-engine',
)) as typeof import('../../../src/experiment/sweep/local-engine.js');
const sweep = (await module('sweep/run-sweep')) as typeof import('../../../src/experiment/sweep/run-sweep.js');

/** One for all tests of a file: starting threads is most of the work of a small sweep. */
export const threads = createThreadPool(2);
export const engine = localEngine(threads);

/** Runs a sweep in these threads. */
export const runSweep: typeof sweep.runSweep = (points, options) => sweep.runSweep(points, { engine, ...options });
