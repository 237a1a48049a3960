/** A network namespace with kernel sockets at the other end of a wire (veth). Needs root. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

export interface Namespace {
  readonly namespace: string;
  /** The end of the veth pair that is here, and the one in the namespace, which has 192.168.77.11. */
  readonly outer: string;
  readonly inner: string;
  ip(...args: string[]): void;
  /** Starts a program in the namespace. */
  run(command: readonly string[]): {
    child: ChildProcess;
    said(): string;
    says(text: string): Promise<void>;
    ended: Promise<void>;
  };
}

/** Calls `work` with the namespace. Leaves nothing behind. */
export async function withNamespace(work: (space: Namespace) => Promise<void>): Promise<void> {
  const namespace = `psp-${process.pid}`;
  const [outer, inner] = [`pspo${process.pid % 100000}`, `pspi${process.pid % 100000}`];
  const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });
  try {
    ip('netns', 'add', namespace);
  } catch {
    console.warn('SKIPPED: kernel UDP sockets: no network namespaces here');
    return;
  }
  const children: ChildProcess[] = [];
  try {
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', namespace);
    ip('link', 'set', outer, 'up');
    ip('-n', namespace, 'addr', 'add', '192.168.77.11/24', 'dev', inner);
    ip('-n', namespace, 'link', 'set', inner, 'up');
    const run: Namespace['run'] = (command) => {
      const child = spawn('ip', ['netns', 'exec', namespace, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const says = async (words: string): Promise<void> => {
        while (!text.includes(words) && child.exitCode === null) await sleep(20);
        expect(text).toContain(words);
      };
      return { child, said: () => text, says, ended };
    };
    await work({ namespace, outer, inner, ip, run });
  } finally {
    for (const child of children) child.kill('SIGKILL');
    spawnSync('ip', ['link', 'del', outer]);
    spawnSync('ip', ['netns', 'del', namespace]);
  }
}
