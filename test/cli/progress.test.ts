import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { showComparison } from '../../src/cli/commands/compare.js';
import { complain } from '../../src/cli/failure.js';
import { outputTo } from '../../src/cli/output.js';
import { showProgress } from '../../src/cli/progress.js';
import { C_FCFS, DARC } from '../report/results.js';

const { isTTY, columns } = process.stderr;
let written = '';

beforeEach(() => {
  written = '';
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
  vi.stubEnv('TERM', 'xterm');
  process.stderr.isTTY = true;
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
  process.stderr.isTTY = isTTY;
  process.stderr.columns = columns;
});

/** The last that was said of progress, this many seconds later. */
function saidAfter(seconds: number): string {
  vi.advanceTimersByTime(seconds * 1000);
  return written.split('sweep').at(-1)!;
}

test('the time left follows from what this run has done, not from what an earlier one has', () => {
  let done = 0.5;
  const { hide } = showProgress({ done: () => done }, 'sweep');
  expect(saidAfter(1)).not.toContain('left');
  done = 0.75;
  // A quarter of all took ten seconds: so will the other.
  expect(saidAfter(10)).toContain('75 % · 10 s left');
  hide();
});

test('of work without a known end nothing is made up', () => {
  const { hide, note } = showProgress(undefined, 'sweep');
  note('darc at load 0.50');
  const said = saidAfter(6);
  expect(said).toContain('darc at load 0.50 · 6 s');
  expect(said).not.toMatch(/%|left/);
  hide();
});

test.each([
  { where: 'without a terminal', isTTY: false, TERM: 'xterm' },
  { where: 'on a dumb terminal', isTTY: true, TERM: 'dumb' },
])('a long run $where prints a line a minute, without control characters', ({ isTTY, TERM }) => {
  vi.stubEnv('TERM', TERM);
  process.stderr.isTTY = isTTY;
  let done = 0;
  const { hide, note } = showProgress({ done: () => done }, 'sweep');
  note('3 of 40 points');
  vi.advanceTimersByTime(60_000);
  expect(written).toBe('');
  done = 0.1;
  vi.advanceTimersByTime(17 * 60_000);
  hide();
  vi.advanceTimersByTime(5 * 60_000);
  const lines = written.trimEnd().split('\n');
  expect(lines).toHaveLength(17);
  expect(lines[0]).toBe('psp: sweep: 10 % · 9 min left · 3 of 40 points');
  for (const control of ['\r', '\u001b']) expect(written).not.toContain(control);
});

test('on a terminal, progress stays on one line and goes away for messages', () => {
  process.stderr.columns = 40;
  const { hide, note } = showProgress({ done: () => 0.5 }, 'sweep');
  note('a note that is longer than the terminal is wide');
  vi.advanceTimersByTime(3000);
  for (const line of written.split('\r\u001b[K')) expect(line.length).toBeLessThan(40);
  written = '';
  complain('a message that is longer than forty columns is broken between words');
  expect(written).toBe('\r\u001b[Kpsp: a message that is longer than forty\n  columns is broken between words\n');
  hide();
  written = '';
  complain('short');
  expect(written).toBe('psp: short\n');
});

test('a long comparison says how far it is, and takes that away before its table', async () => {
  let table = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    table += String(text);
    return true;
  });
  const side = () => {
    vi.advanceTimersByTime(1500);
    return [{ result: C_FCFS }, { result: DARC }];
  };
  expect(await showComparison(side, side, {})).toBe(0);
  expect(written).toContain('compare [======                        ] 20 %');
  expect(written).toContain(' · reading');
  expect(written.endsWith('\r\u001b[K')).toBe(true);
  expect(table).toContain('darc');
});

test.each([
  { TERM: 'dumb', NO_COLOR: '', coloured: false },
  { TERM: 'xterm', NO_COLOR: '1', coloured: false },
  { TERM: 'xterm', NO_COLOR: '', coloured: true },
])('colours with TERM=$TERM NO_COLOR=$NO_COLOR: $coloured', ({ TERM, NO_COLOR, coloured }) => {
  vi.stubEnv('TERM', TERM);
  vi.stubEnv('NO_COLOR', NO_COLOR);
  expect(outputTo(process.stderr).style.heading('x') !== 'x').toBe(coloured);
});
