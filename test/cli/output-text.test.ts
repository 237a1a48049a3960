import { afterEach, expect, it, vi } from 'vitest';
import { outputTo } from '../../src/cli/output.js';

afterEach(() => vi.unstubAllEnvs());

it.each([
  [true, '\u001b[1mheading\u001b[22m'],
  [false, 'heading'],
])('names of others never act on a terminal, while our own style does (terminal: %s)', (isTTY, heading) => {
  vi.stubEnv('NO_COLOR', '');
  vi.stubEnv('TERM', 'xterm');
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  const output = outputTo(stream);
  output.write(`${output.style.heading('heading')}\nname \u001b[2J\u0007\n`);
  expect(written.join('')).toBe(`${heading}\nname \\u{1b}[2J\\u{7}\n`);
});
