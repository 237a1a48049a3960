import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { figures } from '../../src/report/figures/index.js';
import { ROOT } from '../cli/psp.js';

const page = readFileSync(join(ROOT, 'docs/figures.md'), 'utf8');

test.each(figures.map(({ name }) => name))(
  'figure %s has its section, its picture and its claims in the docs',
  (name) => {
    const section = page.split(`\n## Figure ${name}\n`)[1]?.split('\n## ')[0] ?? '';
    expect(section).toContain(`![Figure ${name}](figures/figure-${name}.png)`);
    expect(section).toMatch(/^\| Claim .*Agrees \|$/m);
    expect(statSync(join(ROOT, `docs/figures/figure-${name}.png`)).size).toBeGreaterThan(10_000);
  },
);
