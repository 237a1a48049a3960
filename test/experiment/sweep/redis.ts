import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** Why there is no Redis to test with; undefined when there is. Said aloud, and in CI no reason. */
export function missingRedis(): string | undefined {
  if (!spawnSync('redis-server', ['--version']).error) return undefined;
  if (process.env.CI) return undefined;
  console.warn('SKIPPED: sweeps on Redis: no redis-server; install the package redis-server');
  return 'no redis-server';
}

export interface TestRedis {
  readonly url: string;
  /** Ends it as a restart of the machine would, in order, and starts it again from its files. */
  restart(downMs: number): Promise<void>;
  /** Empties it. */
  forget(): Promise<void>;
  ask(command: string, ...args: string[]): Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * Starts a Redis of its own: on a free port of this machine only, with its files in a folder of its own, everything on
 * disk at once.
 */
export async function startRedis(): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'psp-redis-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes', '--save', ''];
  const ask = async (command: string, ...args: string[]) => {
    const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    client.on('error', () => {});
    try {
      return await client.call(command, ...args);
    } finally {
      client.disconnect();
    }
  };
  const start = async () => {
    const server = spawn('redis-server', [...args, '--appendfsync', 'always'], { stdio: 'ignore' });
    await ask('ping');
    return server;
  };
  let server = await start();
  const end = async () => {
    if (server.exitCode !== null) return;
    server.kill('SIGTERM');
    await once(server, 'exit');
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    async restart(downMs) {
      await end();
      await sleep(downMs);
      server = await start();
    },
    async forget() {
      await ask('flushall');
    },
    ask,
    async stop() {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
