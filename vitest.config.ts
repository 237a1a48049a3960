import { configDefaults, defineConfig } from 'vitest/config';

/** Tests that start processes or threads, open devices or talk to Redis or a browser. They need what is built. */
const MACHINE = ['test/{cli,native,bench}/**/*.test.ts', 'test/**/*.machine.test.ts'];
/** Tests that simulate for many seconds. */
const LONG = ['test/**/*.long.test.ts'];
const DOCS = ['test/docs/**/*.test.ts'];

/** One seed for all properties of this run, unless PSP_SEED says another (test/support/runs.ts). */
process.env.PSP_TEST_SEED = String(Math.trunc(Math.random() * 2 ** 31));

const BUILT = { globalSetup: ['test/support/build-first.ts'] };

export default defineConfig({
  test: {
    // The tests of the command line start processes with threads of their own.
    maxWorkers: 2,
    projects: [
      tier('unit', {
        // They share no state but what they import, and starting each afresh takes 25 s of processor time.
        isolate: false,
        include: ['test/**/*.test.ts'],
        exclude: [...configDefaults.exclude, ...LONG, ...MACHINE, ...DOCS],
      }),
      tier('long', { include: LONG }),
      tier('machine', { include: MACHINE, ...BUILT }),
      tier('docs', { include: DOCS, ...BUILT }),
    ],
  },
});

function tier(name: string, options: object) {
  return {
    test: { name, setupFiles: ['test/support/seeds.ts'], testTimeout: 60_000, hookTimeout: 60_000, ...options },
  };
}
