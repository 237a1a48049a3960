/** Runs commands on a host over the system's own ssh. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Host } from './hosts-file.js';

export interface HostOutcome {
  readonly host: Host;
  /** Of the command; 255 when ssh failed; undefined when it was ended. */
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

export interface HostOptions {
  readonly signal?: AbortSignal;
  /** Called with each line of stdout and stderr. */
  readonly onLine?: (host: Host, line: string) => void;
  /** What the command reads first. */
  readonly input?: readonly Uint8Array[];
}

/** ssh asks nobody anything, and notices a connection that is gone within some seconds. */
const SSH = '-T -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=2 -o ServerAliveCountMax=2'.split(' ');

/** A running ssh. */
export interface Ssh {
  /** Calls a listener with each line. */
  onLine(stream: 'stdout' | 'stderr', listener: (line: string) => void): void;
  write(text: string | Uint8Array): void;
  /** Waits until what was written is on its way. */
  drained(): Promise<void>;
  /** The command there sees the end of its stdin. */
  endInput(): void;
  kill(): void;
  /** Resolves with how it ended, in words, when all was said. */
  readonly ended: Promise<string>;
  /** The exit code of the command, 255 of ssh itself; undefined when a signal ended it. */
  code(): number | undefined;
}

/**
 * Starts a command in the shell of a host. A Ctrl-C in the terminal does not reach ssh, so that the command there can
 * be ended in order.
 */
export function startSsh(host: Host, script: string): Ssh {
  const child = spawn('ssh', [...SSH, ...host.sshOptions, host.ssh, script], { stdio: 'pipe', detached: true });
  let code: number | undefined;
  child.stdin.on('error', () => {});
  return {
    onLine: (stream, listener) => void createInterface({ input: child[stream] }).on('line', listener),
    write: (text) => void (child.stdin.writable && child.stdin.write(text)),
    drained: () =>
      new Promise((resolve) => {
        if (!child.stdin.writableNeedDrain) resolve();
        else child.stdin.once('drain', resolve).once('close', resolve);
      }),
    endInput: () => void child.stdin.end(),
    kill: () => void child.kill('SIGKILL'),
    code: () => code,
    ended: new Promise((resolve) => {
      child.once('error', (error) => {
        code = 255;
        resolve(`ssh cannot be started: ${error.message}`);
      });
      child.once('close', (status, signal) => {
        code = status ?? undefined;
        if (status === 255) resolve('its ssh connection ended');
        else resolve(`psp there ended (${signal ?? `exit code ${status}`})`);
      });
    }),
  };
}

/**
 * Runs a command in psp's folder of the host. The command ends when its connection ends: it is told to when the other
 * end of its stdin is gone, and killed 4 s later.
 *
 * @param command its words, each one argument; or a script, as {@link pushScript} makes one
 */
export async function onHost(
  host: Host,
  command: readonly string[] | string,
  { signal, onLine, input = [] }: HostOptions = {},
): Promise<HostOutcome> {
  const ssh = startSsh(host, typeof command === 'string' ? command : watchedScript(host, command));
  for (const part of input) ssh.write(part);
  const heard = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    ssh.onLine(stream, (line) => {
      heard[stream] += `${line}\n`;
      onLine?.(host, line);
    });
  }
  // Ends the command there in order.
  const stop = () => ssh.endInput();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  const how = await ssh.ended;
  signal?.removeEventListener('abort', stop);
  const code = ssh.code();
  return { host, code, out: heard.stdout, err: heard.stderr || (code === 255 ? how : '') };
}

/** The words of a command with the variables of a host, and as root where the host says so. */
function wordsThere({ env, sudo }: Host, words: readonly string[]): string {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${quoted(value)}`);
  return [...(sudo ? ['sudo', '-n'] : []), 'env', ...variables, ...words.map(quoted)].join(' ');
}

/** For the shell of the host: a command that looks after its stdin itself. */
export function commandThere(host: Host, words: readonly string[]): string {
  return `cd ${quoted(host.folder)} && exec ${wordsThere(host, words)}`;
}

/** For the shell of the host: starts the command, and a watch over stdin that ends it and all that it has started. */
export function watchedScript(host: Host, words: readonly string[]): string {
  return [`cd ${quoted(host.folder)} || exit 127`, ...watched(wordsThere(host, words)), 'exit $c'].join('\n');
}

/** Leaves the exit code in $c. */
function watched(command: string): string[] {
  return [
    'exec 3<&0',
    `setsid ${command} </dev/null 3<&- & p=$!`,
    '{ cat <&3 >/dev/null; kill -TERM -$p; sleep 4; kill -KILL -$p; } 2>/dev/null >/dev/null & w=$!',
    'exec 3<&-',
    'wait $p; c=$?',
    'kill $w 2>/dev/null',
  ];
}

/**
 * For the shell of the host: takes two archives from stdin, the package and what goes into its node_modules, and builds
 * the addon. What was built before is kept as a beginning if its sources are the same. Then the folder is replaced,
 * unless it is something else than a psp that was put there.
 *
 * @param bytes the lengths of the archives
 */
export function pushScript(host: Host, [psp, modules]: readonly number[]): string {
  const script = [
    `folder=${quoted(host.folder.replace(/\/+$/, ''))}; new=$folder.new; old=$folder.old`,
    'no() { echo "$folder: $1" >&2; exit 1; }',
    '[ ! -e "$folder/.git" ] || no "is a checkout: expected none; psp testbed run -- git pull updates it"',
    '[ -z "$(ls -A "$folder" 2>/dev/null)" ] || grep -qs \'"name": "psp"\' "$folder/package.json" ||',
    '  no "expected psp or nothing, found another folder"',
    'rm -rf "$new" && mkdir -p "$new/node_modules" || no "cannot be made"',
    `head -c ${psp} | tar -xz -C "$new" --strip-components=1 || no "the package did not arrive"`,
    `head -c ${modules} | tar -xz -C "$new/node_modules" || no "the package did not arrive"`,
    'if [ -d "$folder/build" ] && diff -rq "$folder/native" "$new/native" >/dev/null &&',
    '  cmp -s "$folder/binding.gyp" "$new/binding.gyp"; then cp -a "$folder/build" "$new/build"; fi',
    ...watched('sh -c \'cd "$0" && exec node scripts/build-native.mjs --quiet\' "$new"'),
    '[ $c = 0 ] || { rm -rf "$new"; exit $c; }',
    'rm -rf "$old"; [ ! -e "$folder" ] || mv "$folder" "$old"',
    'mv "$new" "$folder" && rm -rf "$old"',
  ].join('\n');
  return wordsThere(host, ['sh', '-c', script]);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
