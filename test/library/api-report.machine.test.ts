import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { ROOT } from '../docs/pages.js';

const script: string = join(ROOT, 'scripts/api.mjs');

// After a change that is meant, npm run api writes it.
test('api/ shows what programs can import', { timeout: 180_000 }, async () => {
  const { apiReport } = (await import(script)) as { apiReport: () => Record<string, string> };
  const report = apiReport();
  const folder = join(ROOT, 'api');
  expect(readdirSync(folder).sort()).toEqual(Object.keys(report).sort());
  for (const [name, text] of Object.entries(report)) expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
});

test('the reference of npm run docs:api has no link that leads nowhere', { timeout: 180_000 }, async () => {
  const typedoc = [join(ROOT, 'node_modules/typedoc/bin/typedoc'), '--emit', 'none', '--treatWarningsAsErrors'];
  const { exitCode, stderr } = await execa(process.execPath, typedoc, { cwd: ROOT, reject: false });
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: '' });
});
