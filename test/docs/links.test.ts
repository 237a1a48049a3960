import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages, prose, ROOT } from './pages.js';

describe.each(pages)('$path', ({ path, text }) => {
  it('has links that lead somewhere', () => {
    const links = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
    const broken = links.filter((link) => !/^[a-z]+:/i.test(link) && !leads(path, link));
    expect(broken).toEqual([]);
  });
});

/** Does the file exist, and the heading in it? */
function leads(from: string, link: string): boolean {
  const [file = '', heading] = link.split('#');
  const path = file === '' ? join(ROOT, from) : resolve(ROOT, dirname(from), file);
  if (!existsSync(path)) return false;
  if (heading === undefined) return true;
  const headings = [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return headings.includes(heading);
}
