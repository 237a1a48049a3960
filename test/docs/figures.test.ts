import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { figures } from '../../src/report/figures/index.js';
import { pages, ROOT } from './pages.js';

const { text } = pages.find(({ path }) => path === 'docs/figures.md')!;

describe.each(figures.map(({ name }) => name))('docs/figures.md, figure %s', (name) => {
  const [, section = ''] = new RegExp(`^## Figure ${name}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(text) ?? [];

  it('has a section with its picture and its claims', () => {
    expect(section).toContain(`![Figure ${name}](figures/figure-${name}.png)`);
    expect(section).toMatch(/^\| Claim +\| psp.*\| Agrees +\|$/m);
  });

  it('has a picture that is there, and not large', () => {
    const picture = join(ROOT, 'docs/figures', `figure-${name}.png`);
    expect(existsSync(picture)).toBe(true);
    expect(statSync(picture).size).toBeLessThan(200_000);
  });
});

it('docs/figures.md names the columns of the data', () => {
  for (const column of ['panel', 'series', 'x', 'y', 'ci95_low', 'ci95_high', 'failed']) {
    expect(text).toContain(`\`${column}\``);
  }
});
