import { existsSync } from 'node:fs';

export const CHROMIUM = '/usr/bin/chromium';

/** Why there is no browser to test with; undefined when there is. Said aloud, and in CI no reason. */
export function missingChromium(): string | undefined {
  if (existsSync(CHROMIUM) || process.env.CI) return undefined;
  console.warn('SKIPPED: report pages in a browser: no chromium; install the package chromium');
  return 'no chromium';
}
