/** The layout of the shared memory is stated in two languages. Each of these changes to one of them must be noticed. */

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkNativeLayout } from '../../../src/hw/memory/layout.js';
import { ROOT, scratchFolder } from '../../cli/psp.js';

const scratch = scratchFolder();
const hasCompiler = spawnSync('g++', ['--version']).status === 0;
if (!hasCompiler) console.warn('SKIPPED: mutants of the memory layout: no g++');

const PRINT = `#include "base/layout_offsets.hpp"
#include <cstdio>
int main() {
  for (const auto& [name, value] : psp::layoutOffsets()) std::printf("%s %zu\\n", name.c_str(), value);
}
`;

let mutants = 0;

/** What an addon says that was built with one text of its layout replaced by another. */
function factsWith(from: string, to: string): Record<string, number> {
  const folder = join(scratch, String(mutants++));
  cpSync(join(ROOT, 'native/base'), join(folder, 'base'), { recursive: true });
  const header = join(folder, 'base/shared_layout.hpp');
  const text = readFileSync(header, 'utf8');
  expect(text).toContain(from);
  writeFileSync(header, text.replace(from, to));
  writeFileSync(join(folder, 'print.cpp'), PRINT);
  execFileSync('g++', ['-std=c++20', '-Wno-invalid-offsetof', '-I.', 'print.cpp', '-o', 'print'], { cwd: folder });
  const lines = execFileSync(join(folder, 'print'), { encoding: 'utf8' }).trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.split(' ')[0]!, Number(line.split(' ')[1])]));
}

describe.skipIf(!hasCompiler)('the layout of the shared memory', () => {
  it('is the same in both languages', () => {
    expect(() => checkNativeLayout(factsWith('kRunning', 'kRunning'))).not.toThrow();
  });

  it.each([
    ['the order of the header', 'workers, types', 'types, workers'],
    ['the order of statistics', '  kForeign,\n  kMalformed,', '  kMalformed,\n  kForeign,'],
    ['the states of a run', 'kDraining = 1, kHalted = 2', 'kDraining = 2, kHalted = 1'],
    ['the states of the dispatcher', 'kDispatcherReady = 1', 'kDispatcherReady = 2'],
    ['how a stint ended', 'kCompleted = 0, kPreempted = 1', 'kCompleted = 1, kPreempted = 0'],
    [
      'the order in a mailbox',
      'std::atomic<double> completed;\n  std::atomic<double> preempted;',
      'std::atomic<double> preempted;\n  std::atomic<double> completed;',
    ],
    ['the version', 'kVersion = 5', 'kVersion = 3'],
  ])('does not start when %s is another', (_, from, to) => {
    const facts = factsWith(from, to);
    expect(() => checkNativeLayout(facts)).toThrow('the addon was built for another memory layout: expected ');
  });
});
