import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildNative } from '../hw/support.js';

/** The tests of the command line run the build. `npm test` has made it already, `vitest` alone has not. */
export default function buildFirst(): void {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script, '--if-older'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the build failed');
  process.env.PSP_TEST_NATIVE = buildNative() ?? '';
}
