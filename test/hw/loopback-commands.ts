/** Starts and ends psp's commands for the two ends of a run on this machine, like a user. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { NetForm } from '../../src/hw/native/native.js';
import { MAIN, type Outcome } from '../cli/psp.js';

/** Goes before a command in a pseudo-terminal, which cuts the line of live figures at its width. */
export const WIDE = 'stty cols 120;';

/** Writes the configuration of both ends, with two workers that sleep and a memif of their own. Returns its path. */
export function loopbackConfig(folder: string, name: string, net: NetForm, frame = 'psp'): string {
  const path = join(folder, `${name}.yaml`);
  const device = `{ memif: ${join(folder, `${name}.sock`)} }`;
  const server = '{ ip: 192.168.77.10, port: 6789 }';
  writeFileSync(
    path,
    `frame: ${frame}
server: { device: ${device}, address: ${server}, workers: 2, application: sleep, poll: [${net}, sleep] }
client: { device: ${device}, address: { ip: 192.168.77.11 }, server: ${server}, poll: sleep }
`,
  );
  return path;
}

/** Starts a command that runs until it is told to end. */
export function startPsp(args: readonly string[], cwd: string, env: Record<string, string> = {}, main = MAIN) {
  const child = execa(process.execPath, [main, ...args], { reject: false, cwd, env });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text;
  });
  const outcome = async (): Promise<Outcome> => {
    const { exitCode, stdout, stderr } = await child;
    return { code: exitCode, out: String(stdout), err: String(stderr) };
  };
  return {
    pid: child.pid!,
    outcome,
    async says(text: string): Promise<void> {
      while (!said.includes(text) && child.exitCode === null) await sleep(20);
      expect(said).toContain(text);
    },
    end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<Outcome> {
      child.kill(signal);
      return outcome();
    },
  };
}
