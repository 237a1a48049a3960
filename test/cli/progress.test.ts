import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { showProgress } from '../../src/cli/progress.js';

const { isTTY } = process.stderr;
let written = '';

beforeEach(() => {
  written = '';
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
  process.stderr.isTTY = true;
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  process.stderr.isTTY = isTTY;
});

/** The last that a bar said, so many seconds after it was asked for. */
function saidAfter(seconds: number): string {
  vi.advanceTimersByTime(seconds * 1000);
  return written.split('sweep').at(-1)!;
}

test('the time left follows from what is done since, not from what an earlier run has done', () => {
  let done = 0.5;
  const { hide } = showProgress({ done: () => done }, 'sweep');
  expect(saidAfter(1)).not.toContain('left');
  done = 0.75;
  // A quarter of all in ten seconds: so does the other.
  expect(saidAfter(10)).toContain('75 % · 10 s left');
  hide();
});

test('of work without a known end nothing is made up', () => {
  const { hide, note } = showProgress(undefined, 'sweep');
  note(' · darc at load 0.50');
  const said = saidAfter(6);
  expect(said).toContain(' · darc at load 0.50 · 5 s');
  expect(said).not.toMatch(/%|left/);
  hide();
});
