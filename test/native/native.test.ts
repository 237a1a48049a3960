import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
// @ts-expect-error: a script, without types
import { build, missing, pluginIn } from './build.mjs';

const reason = missing() as string | undefined;
if (reason !== undefined) console.warn(`SKIPPED: native unit tests: ${reason}`);

const folder = fileURLToPath(new URL('.', import.meta.url));
/** A short run; scripts/fuzz.mjs does ten million. */
const EXECUTIONS = 300_000;

function run(path: string, args: string[] = []): { status: number | null; output: string } {
  const done = spawnSync(path, args, {
    encoding: 'utf8',
    env: {
      ...process.env,
      TSAN_OPTIONS: `suppressions=${folder}tsan.supp halt_on_error=1`,
      ASAN_OPTIONS: 'detect_leaks=0',
      PSP_TEST_PLUGIN: pluginIn(dirname(path)),
    },
  });
  return { status: done.status, output: done.stdout + done.stderr };
}

/** A sanitizer whose library is not here is left out, aloud. */
const without = (variant: string): boolean => {
  const lacking = missing(variant) as string | undefined;
  if (reason === undefined && lacking !== undefined)
    console.warn(`SKIPPED: native unit tests (${variant}): ${lacking}`);
  return lacking !== undefined;
};
const variants = ['plain', 'asan', 'tsan'].filter((variant) => !without(variant));

describe.skipIf(reason !== undefined)('native', { timeout: 240_000 }, () => {
  it.each(variants)('unit tests pass (%s)', async (variant) => {
    const { status, output } = run(await build('tests', variant));
    expect(output).toMatch(/\d+ tests passed\n$/);
    expect(status).toBe(0);
  });

  it.skipIf(without('asan'))('the frame parser survives mutated frames under AddressSanitizer', async () => {
    const seed = Date.now();
    const { status, output } = run(await build('fuzz', 'asan'), [`${folder}corpus`, String(EXECUTIONS), String(seed)]);
    expect(output).toBe(`seed ${seed}\n${EXECUTIONS} executions\n`);
    expect(status).toBe(0);
  });
});
