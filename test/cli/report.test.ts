import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { point } from '../report/page/points.js';
import { pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();

function sweep(name: string, points: number): void {
  mkdirSync(join(folder, name, 'points'), { recursive: true });
  for (let i = 0; i < points; i++) {
    const made = point({ policy: 'darc', load: 0.1 * (i + 1), slowdown: 2 });
    const path = join(folder, name, 'points', `${made.key}.json`);
    writeFileSync(path, JSON.stringify({ schema: 'psp.point/1', ...made }));
  }
}

describe('psp report', () => {
  it('writes one page with all points', async () => {
    sweep('good', 3);
    const { code, out, err } = await pspHere(['report', 'good/'], folder);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^good\/report\.html: 3 points, \d+ kB$/);
    const page = readFileSync(join(folder, 'good/report.html'), 'utf8');
    expect(page).toContain('<title>good</title>');
    expect(page.match(/--load 0\.\d+ --replications 2/g)).toHaveLength(3);
    // Nothing in it leads elsewhere.
    expect(page).not.toMatch(/(?:src|href)=/);
  });

  it('names files that are no points, and leaves them out', async () => {
    sweep('cut', 1);
    writeFileSync(join(folder, 'cut/points/bad.json'), '{"schema": "psp.po');
    const { code, out, err } = await pspHere(['report', 'cut', '--out', 'cut.html'], folder);
    expect([code, err]).toEqual([0, 'psp: cut/points/bad.json: left out: expected JSON, perhaps it is cut short']);
    expect(out).toMatch(/^cut\.html: 1 point, /);
  });

  it('says what is wrong in one line, with exit code 2', async () => {
    sweep('none', 0);
    sweep('one', 1);
    const mistakes: [string[], string][] = [
      [['nowhere'], 'nowhere: expected a folder that psp sweep has written, found no points/ in it'],
      [['none'], 'none/points: expected points of a sweep, found none'],
      [['one', '--out', 'no/such.html'], 'no/such.html: cannot be written: there is no folder no'],
      [[], 'expected DIR, found nothing'],
    ];
    for (const [args, message] of mistakes) {
      expect(await pspHere(['report', ...args], folder)).toEqual({ code: 2, out: '', err: `psp: ${message}` });
    }
  });
});
