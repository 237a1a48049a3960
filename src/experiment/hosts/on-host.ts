/** Runs a command on a host over the system's own ssh. */

import { spawn } from 'node:child_process';
import type { Host } from './hosts-file.js';

export interface HostOutcome {
  readonly host: Host;
  /** Of the command; 255 when ssh failed; undefined when it was ended. */
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
  /** When the command was sent and when it had ended, ms since 1970. */
  readonly sentMs: number;
  readonly endedMs: number;
}

export interface HostOptions {
  readonly signal?: AbortSignal;
  /** Called with each line of stdout and stderr. */
  readonly onLine?: (host: Host, line: string) => void;
}

/** ssh asks nobody anything, and notices a connection that is gone within some seconds. */
const SSH = [
  '-T',
  '-o',
  'BatchMode=yes',
  '-o',
  'ConnectTimeout=10',
  '-o',
  'ServerAliveInterval=2',
  '-o',
  'ServerAliveCountMax=2',
];

/**
 * Runs a command in psp's folder of the host. The command ends when its connection ends: it is told to when the other
 * end of its stdin is gone, and killed 4 s later.
 *
 * @param words the command; each word is one argument
 */
export function onHost(
  host: Host,
  words: readonly string[],
  { signal, onLine }: HostOptions = {},
): Promise<HostOutcome> {
  const sentMs = Date.now();
  const child = spawn('ssh', [...SSH, ...host.sshOptions, host.ssh, remoteScript(host, words)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const heard = { out: '', err: '' };
  const listen = (key: 'out' | 'err') => {
    let rest = '';
    child[key === 'out' ? 'stdout' : 'stderr'].setEncoding('utf8').on('data', (text: string) => {
      heard[key] += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) onLine?.(host, line);
    });
  };
  listen('out');
  listen('err');
  // Ends the command there in order.
  const stop = () => child.stdin.end();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  child.stdin.on('error', () => {});
  return new Promise((resolve) => {
    const end = (code: number | undefined, why = '') => {
      signal?.removeEventListener('abort', stop);
      resolve({ host, code, out: heard.out, err: heard.err + why, sentMs, endedMs: Date.now() });
    };
    child.once('error', (error) => end(255, error.message));
    child.once('close', (code) => end(code ?? undefined));
  });
}

/** For the shell of the host: starts the command, and a watch over stdin that ends it. */
export function remoteScript({ folder, env }: Host, words: readonly string[]): string {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${quoted(value)}`);
  const command = ['env', ...variables, ...words.map(quoted)].join(' ');
  return [
    `cd ${quoted(folder)} || exit 127`,
    'exec 3<&0',
    `${command} </dev/null 3<&- & p=$!`,
    '{ cat <&3 >/dev/null; kill -TERM $p; sleep 4; kill -KILL $p; } 2>/dev/null >/dev/null & w=$!',
    'exec 3<&-',
    'wait $p; c=$?',
    'kill $w 2>/dev/null',
    'exit $c',
  ].join('\n');
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
