import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
// @ts-expect-error: a script, without types
import { build, missing } from './build.mjs';

const reason = missing() as string | undefined;
if (reason !== undefined) console.warn(`SKIPPED: native unit tests: ${reason}`);

const folder = fileURLToPath(new URL('.', import.meta.url));
/** A short run; scripts/fuzz-nightly.mjs does ten million. */
const EXECUTIONS = 300_000;

function run(path: string, args: string[] = []): { status: number | null; output: string } {
  const done = spawnSync(path, args, {
    encoding: 'utf8',
    env: {
      ...process.env,
      TSAN_OPTIONS: `suppressions=${folder}tsan.supp halt_on_error=1`,
      ASAN_OPTIONS: 'detect_leaks=0',
    },
  });
  return { status: done.status, output: done.stdout + done.stderr };
}

describe.skipIf(reason !== undefined)('native', { timeout: 240_000 }, () => {
  it.each(['plain', 'asan', 'tsan'])('unit tests pass (%s)', async (variant) => {
    const { status, output } = run(await build('tests', variant));
    expect(output).toMatch(/\d+ tests passed\n$/);
    expect(status).toBe(0);
  });

  it('the frame parser survives mutated frames under AddressSanitizer', async () => {
    const seed = String(Date.now());
    const { status, output } = run(await build('fuzz', 'asan'), [`${folder}corpus`, String(EXECUTIONS), seed]);
    expect(output, `npm run fuzz -- ${seed} makes the same frames`).toBe(`${EXECUTIONS} executions\n`);
    expect(status).toBe(0);
  });
});
