import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rowsOf } from './logs.js';

const folder = mkdtempSync(join(tmpdir(), 'psp-access-'));
const REQUESTS = 30;
/** As it stands in the configuration of nginx. */
const TIMED = '$msec "$request" $status $request_time';
/** They are in a folder that only root has in its path. */
const ENVIRONMENT = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
const isMissing = ['nginx', 'haproxy'].some((name) => spawnSync(name, ['-v'], { env: ENVIRONMENT }).error);
if (isMissing) console.warn('SKIPPED: access logs of the real programs: install nginx-light and haproxy');
const servers: ChildProcess[] = [];
let haproxyLog = '';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      await (await fetch(url)).text();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`${url} does not answer`);
}

beforeAll(async () => {
  if (isMissing) return;
  const [web, proxy] = [await freePort(), await freePort()];
  mkdirSync(join(folder, 'temp'));
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path temp;`);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid nginx.pid; error_log error.log; events {}
http { ${temp.join(' ')} log_format timed '${TIMED}'; access_log timed.log timed; access_log combined.log combined;
  server { listen 127.0.0.1:${web}; location / { return 200 "well\\n"; } } }\n`,
  );
  writeFileSync(
    join(folder, 'haproxy.cfg'),
    `global
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen web
  bind 127.0.0.1:${proxy}
  server one 127.0.0.1:${web}\n`,
  );
  const start = (name: string, args: string[]) => {
    const child = spawn(name, args, { cwd: folder, env: ENVIRONMENT });
    servers.push(child);
    return child;
  };
  start('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log']);
  await answers(`http://127.0.0.1:${web}/`);
  const haproxy = start('haproxy', ['-db', '-f', 'haproxy.cfg']);
  haproxy.stdout.on('data', (text: Buffer) => {
    haproxyLog += text.toString();
  });
  await answers(`http://127.0.0.1:${proxy}/`);
  for (let i = 0; i < REQUESTS; i++) {
    const [path, method] = i % 3 === 0 ? ['/order', 'POST'] : [`/item/${i}?a="b"`, 'GET'];
    await (await fetch(`http://127.0.0.1:${proxy}${path}`, { method })).text();
  }
  for (let tries = 0; tries < 100 && haproxyLog.split('HTTP/1.1').length - 1 <= REQUESTS; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}, 60_000);

afterAll(() => {
  for (const server of servers) server.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function countOf(rows: readonly (readonly [number, string, number])[], type: string): number {
  return rows.filter(([, name]) => name === type).length;
}

test.skipIf(isMissing)('the log of a real HAProxy is read', async () => {
  const lines = haproxyLog.split('\n').filter((line) => / web(\/| )/.test(line) && line.includes('HTTP/1.1'));
  const { kind, rows, columns } = await rowsOf(`${lines.join('\n')}\n`, folder);
  expect(kind).toBe('haproxy');
  expect(columns.timeIs).toBe('arrival');
  expect([countOf(rows, 'POST /order'), countOf(rows, 'GET /item/:id')]).toEqual([REQUESTS / 3, (2 * REQUESTS) / 3]);
});

test.skipIf(isMissing)(
  'the log of a real nginx is read in its own format, and refused without a duration',
  async () => {
    const { kind, rows, columns } = await rowsOf(readFileSync(join(folder, 'timed.log')), folder, { logFormat: TIMED });
    expect(kind).toBe('nginx');
    expect(columns.timeIs).toBe('completion');
    expect(columns.names[columns.duration.column]).toBe('request_time');
    expect([countOf(rows, 'POST /order'), countOf(rows, 'GET /item/:id')]).toEqual([REQUESTS / 3, (2 * REQUESTS) / 3]);
    await expect(rowsOf(readFileSync(join(folder, 'combined.log')), folder)).rejects.toThrow(
      'without it nobody can know the demand of a request',
    );
  },
);
