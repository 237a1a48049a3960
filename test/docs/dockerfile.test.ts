/** The Dockerfile of an orchestrator, read like a linter would: no container engine is needed. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './pages.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  engines: { node: string };
  scripts: Record<string, string>;
  bin: Record<string, string>;
};

/** Each instruction with its arguments, on one line. */
const instructions = read('Dockerfile')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => ({ name: line.split(' ')[0]!, rest: line.slice(line.indexOf(' ') + 1) }));
const all = (name: string) => instructions.filter((each) => each.name === name).map(({ rest }) => rest);

it('begins with a pinned Node that psp runs on, and has only known instructions', () => {
  expect(instructions[0]!.name).toBe('FROM');
  const [, node] = /^node:(\d+)-[a-z]+-slim$/.exec(all('FROM').join())!;
  expect(Number(node)).toBeGreaterThanOrEqual(Number(/\d+/.exec(manifest.engines.node)![0]));
  const known = ['FROM', 'RUN', 'WORKDIR', 'COPY', 'ENTRYPOINT'];
  expect(instructions.filter(({ name }) => !known.includes(name))).toEqual([]);
});

it('copies what there is, before it is used, and nothing that is built', () => {
  const sources = all('COPY').flatMap((rest) => rest.split(' ').slice(0, -1));
  expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const at = (text: string) => instructions.findIndex(({ rest }) => rest.includes(text));
  expect(at('package.json package-lock.json')).toBeLessThan(at('npm install'));
  expect(at('npm install')).toBeLessThan(at('npm run build'));
  const ignored = read('.dockerignore').trim().split('\n');
  expect(ignored).toEqual(expect.arrayContaining(['.git', 'node_modules', 'dist', 'build']));
});

it('installs ssh, runs scripts that there are, leaves no lists behind, and starts psp', () => {
  const runs = all('RUN').join(' && ');
  expect(runs).toMatch(/apt-get update +&& apt-get install -y --no-install-recommends .*openssh-client/);
  expect(runs).toContain('rm -rf /var/lib/apt/lists/*');
  const scripts = [...runs.matchAll(/npm run (\S+)/g)].map(([, name]) => name!);
  expect(scripts.filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([]);
  const [entry] = JSON.parse(all('ENTRYPOINT').join()) as string[];
  expect(Object.hasOwn(manifest.bin, entry!)).toBe(true);
});
