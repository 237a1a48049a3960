import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reconcileServer } from '../../src/hw/memory/counts.js';
import type { ServerReport } from '../../src/results/server-schema.js';
import { psp, scratchFolder } from '../cli/psp.js';
import { startPsp } from './loopback-commands.js';
import { type Namespace, withNamespace } from './namespace.js';
import { buildPlugin, compiles, example } from './plugin-builds.js';
import { isRoot, missingNative } from './support.js';

const folder = scratchFolder();
const SERVER = '192.168.77.10';
const PORT = 11211;
let files = 0;

if (!isRoot) console.warn('SKIPPED: plug-ins behind kernel sockets: not root');

/** A configuration with that application, and a workload with the types A and B, as options. */
function options(application: string, device = `{ memif: ${join(folder, `${++files}.sock`)} }`, workers = 1): string[] {
  const config = join(folder, `${++files}.yaml`);
  writeFileSync(
    config,
    `frame: udp
classifier: { match: { A: { offset: 0, text: a }, B: { offset: 0, bytes: "62" } } }
server:
  device: ${device}
  address: { ip: ${SERVER}, port: ${PORT} }
  workers: ${workers}
  application: ${application}
  poll: sleep
`,
  );
  const types = join(folder, 'types.yaml');
  const list = ['A', 'B'].map((name) => `  - { name: ${name}, ratio: 0.5, service: 1ms }`);
  writeFileSync(types, `name: two\ntypes:\n${list.join('\n')}\n`);
  return ['--config', config, '--workload', types];
}

/** Serves while `work` runs. Returns the server's counts. */
async function serving(args: readonly string[], work: () => Promise<void>): Promise<ServerReport['counts']> {
  const json = join(folder, `${++files}.json`);
  const server = startPsp(['serve', ...args, '--json', json], folder);
  try {
    await server.says('serving');
    await work();
  } finally {
    await server.end('SIGINT');
  }
  return (JSON.parse(readFileSync(json, 'utf8')) as ServerReport).counts;
}

/** Sends each payload from a kernel socket. Returns the replies as hexadecimal digits, in that order. */
async function ask(space: Namespace, payloads: readonly (string | Buffer)[], wanted = payloads.length) {
  const hex = payloads.map((payload) => Buffer.from(payload).toString('hex'));
  const client = space.run([process.execPath, '-e', CLIENT, SERVER, String(PORT), JSON.stringify(hex), String(wanted)]);
  await client.ended;
  return JSON.parse(client.said()) as (string | null)[];
}

/** One socket for each payload, so that replies are told apart. All are sent at once. */
const CLIENT = `
const dgram = require('node:dgram');
const [address, port, hex, wanted] = process.argv.slice(1);
const payloads = JSON.parse(hex), replies = payloads.map(() => null), sockets = [];
let got = 0;
const finish = () => { console.log(JSON.stringify(replies)); process.exit(0); };
setTimeout(finish, 15000);
payloads.forEach((payload, i) => {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (reply) => {
    replies[i] = reply.toString('hex');
    if (++got === Number(wanted)) finish();
  });
  // The first asks for the server's address; what is sent before the answer may be lost in the kernel's queue.
  setTimeout(() => socket.send(Buffer.from(payload, 'hex'), Number(port), address), i === 0 ? 0 : 300);
});
`;

/** The hash of hash.c. */
function fnv(payload: string, bytes: number): string {
  let hash = 14695981039346656037n;
  for (let n = 0; n < bytes; n++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(payload.charCodeAt(n % payload.length))) * 1099511628211n);
  }
  const reply = Buffer.alloc(8);
  reply.writeBigUInt64LE(hash);
  return reply.toString('hex');
}

describe.skipIf(!compiles('c') || missingNative() !== undefined)('plug-ins', { timeout: 120_000 }, () => {
  it('the headers are C99 and C++11 without a warning', () => {
    const source = '#include "psp_app.h"\n#include "psp_params.h"\nint main(void) { return 0; }\n';
    for (const language of [
      ['c', '-std=c99'],
      ['c++', '-std=c++11'],
    ] as const) {
      const flags = [language[1], '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-Wno-unused-function', '-fsyntax-only'];
      const include = example('../include');
      const done = spawnSync('cc', ['-x', language[0], ...flags, '-I', include, '-'], { input: source });
      expect(String(done.stderr)).toBe('');
      expect(done.status).toBe(0);
    }
  });

  const broken = (what: string, app: string): string => {
    const source = join(folder, `${what}.c`);
    writeFileSync(
      source,
      `#include "psp_app.h"
#include "psp_params.h"
static int setup(const psp_app_worker *w, const char *p, void **s, char *e, size_t n) {
  (void)w; (void)p; (void)s; (void)n;
  e[0] = 'n'; e[1] = 'o'; e[2] = '\\0';
  return 1;
}
static int handle(void *s, psp_app_request *q, const uint8_t *p, size_t n, psp_app_reply *r, const psp_app_preempt *f) {
  (void)s; (void)q; (void)p; (void)n; (void)r; (void)f;
  return PSP_APP_DONE;
}
static const psp_app app = ${app};
PSP_APP_EXPORT const psp_app *psp_app_v1(void) { return &app; }
`,
    );
    return buildPlugin(source, join(folder, `lib${what}.so`), ['-Wno-unused-function']);
  };
  const size = 'sizeof(psp_app)';
  it.each([
    ['a version to come', () => broken('version', `{2, ${size}, "x", 0, setup, handle, 0}`), 'found version 2'],
    ['a structure that is too small', () => broken('small', '{1, 16, "x", 0, setup, handle, 0}'), 'found 16'],
    ['no handle', () => broken('handle', `{1, ${size}, "x", 0, setup, 0, 0}`), 'lacks name, setup or handle'],
    ['too much scratch', () => broken('scratch', `{1, ${size}, "x", 16385, setup, handle, 0}`), 'found 16385'],
    ['a setup that fails', () => broken('setup', `{1, ${size}, "x", 0, setup, handle, 0}`), 'x: setup failed: no'],
    ['no such file', () => './nosuch.so', 'nosuch.so: there is no such file'],
    ['a file that is no library', () => join(folder, 'types.yaml'), 'types.yaml: cannot be loaded: '],
    [
      'a library without the function',
      () => {
        const source = join(folder, 'empty.c');
        writeFileSync(source, 'int psp_nothing;\n');
        return buildPlugin(source, join(folder, 'libempty.so'));
      },
      'exports no function psp_app_v1',
    ],
  ])('%s is refused in one line, with exit code 3', async (_, build, message) => {
    options('spin');
    const { code, out, err } = await psp(['serve', ...options(`{ plugin: ${build()} }`)], { cwd: folder });
    expect(err).toContain(message);
    expect(err.split('\n')).toHaveLength(1);
    expect([code, out]).toEqual([3, '']);
  });

  const languages = ['c', 'cpp', 'rs'].filter(compiles);
  it.skipIf(!isRoot).each(languages)('hash.%s replies with the hash, though ts preempts it', (ending) =>
    withNamespace(async (space) => {
      const bytes = 400_000;
      const library = buildPlugin(example(`hash.${ending}`), join(folder, `lib${ending}.so`));
      const payloads = Array.from({ length: 24 }, (_, i) => `${'ab'[i % 2]}${i % 6}`);
      const application = `{ plugin: ${library}, bytes: ${bytes} }`;
      const args = [...options(application, `{ af_packet: ${space.outer} }`, 2), '--policy', 'ts:quantum=200us'];
      const counts = await serving(args, async () => {
        expect(await ask(space, payloads)).toEqual(payloads.map((payload) => fnv(payload, bytes)));
      });
      expect(counts).toMatchObject({ requests: 24, completed: 24, failed: 0, unknownType: 0 });
      expect(counts.preempted).toBeGreaterThan(0);
      expect(reconcileServer(counts)).toEqual([]);
    }),
  );
});

describe.skipIf(!compiles('cpp') || !isRoot || missingNative() !== undefined)('memcached', { timeout: 120_000 }, () => {
  const library = (): string => buildPlugin(example('memcached.cpp'), join(folder, 'libmemcached_udp.so'));
  /** The shipped configuration at this end of the wire. */
  const shipped = (space: Namespace, policy: string): string[] => {
    library();
    const config = join(folder, `memcached-${++files}.yaml`);
    const text = readFileSync(example('memcached.yaml'), 'utf8');
    writeFileSync(config, text.replace('eth1', space.outer).replace('192.168.10.10', SERVER));
    return ['--config', config, '--workload', example('memcached-types.yaml'), '--policy', policy];
  };
  const framed = (text: string, id = 1, total = 1): Buffer =>
    Buffer.concat([Buffer.from([id >> 8, id & 255, 0, 0, total >> 8, total & 255, 0, 0]), Buffer.from(text)]);

  it('speaks the text protocol in frames of its own', () =>
    withNamespace(async (space) => {
      const say = async (...texts: string[]): Promise<string[]> => {
        const replies = await ask(
          space,
          texts.map((text, i) => framed(text, 700 + i)),
        );
        return replies.map((hex, i) => {
          const reply = Buffer.from(hex!, 'hex');
          expect([...reply.subarray(0, 8)]).toEqual([2, 188 + i, 0, 0, 0, 1, 0, 0]);
          return reply.subarray(8).toString();
        });
      };
      const counts = await serving(shipped(space, 'darc'), async () => {
        expect(await say('version\r\n', 'get nothing\r\n')).toEqual(['VERSION 1.0.0-psp\r\n', 'END\r\n']);
        expect(await say('set a 5 0 3\r\nxyz\r\n', 'set b 6 0 2\r\n\r\n\r\n', 'set late 0 -1 1\r\n.\r\n')).toEqual(
          Array(3).fill('STORED\r\n'),
        );
        const cas = await say('gets a b late\r\n', 'get a\r\n');
        expect(cas[0]).toMatch(/^VALUE a 5 3 \d+\r\nxyz\r\nVALUE b 6 2 \d+\r\n\r\n\r\nEND\r\n$/);
        expect(cas[1]).toBe('VALUE a 5 3\r\nxyz\r\nEND\r\n');
        expect(await say('delete a\r\n', 'delete nothing\r\n', 'flush_all\r\n', 'get\r\n', 'set a 5\r\n')).toEqual([
          ...['DELETED\r\n', 'NOT_FOUND\r\n', 'ERROR\r\n', 'ERROR\r\n'],
          'CLIENT_ERROR bad command line format\r\n',
        ]);
        const large = 'x'.repeat(1440);
        expect(await say('set c 0 0 9\r\nshort\r\n', `set c 0 0 1440\r\n${large}\r\n`, 'get a\r\n')).toEqual([
          'CLIENT_ERROR bad data chunk\r\n',
          'SERVER_ERROR object too large for cache\r\n',
          'END\r\n',
        ]);
        // Neither what wants no reply nor half a header is answered.
        const quiet = [framed('set q 1 0 1 noreply\r\nq\r\n'), Buffer.from([1, 2, 3])];
        expect(await ask(space, [...quiet, framed('version\r\n', 1, 2)], 1)).toEqual([null, null, expect.anything()]);
        expect(await say('get q\r\n')).toEqual(['VALUE q 1 1\r\nq\r\nEND\r\n']);
      });
      expect(counts).toMatchObject({ failed: 0, repliesWithheld: 2, dropped: 0 });
      expect(reconcileServer(counts)).toEqual([]);
    }));

  const memcaslap = spawnSync('memcaslap', ['--version']).error === undefined;
  if (!memcaslap) console.warn('SKIPPED: memcached with an ordinary client: no memcaslap (libmemcached-tools)');
  it.skipIf(!memcaslap).each(['darc', 'c-fcfs'])(
    'serves memcaslap, libmemcached’s client, over UDP under %s',
    (policy) =>
      withNamespace(async (space) => {
        const distribution = join(folder, 'memcaslap.cfg');
        writeFileSync(distribution, 'key\n16 16 1\nvalue\n64 64 1\ncmd\n0 0.3\n1 0.7\n');
        // -v 1.0: every value that is read is compared with what was written.
        const load = `memcaslap -s ${SERVER}:${PORT} --udp -x 5000 -c 4 -T 1 -w 1k -v 1.0 -F ${distribution}`;
        const counts = await serving(shipped(space, policy), async () => {
          const client = space.run(load.split(' '));
          await client.ended;
          const said = client.said();
          const figure = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(said)?.[1] ?? -1);
          expect(figure('cmd_get')).toBeGreaterThan(500);
          expect(figure('cmd_set')).toBeGreaterThan(500);
          for (const name of ['get_misses', 'verify_misses', 'verify_failed', 'packet_drop', 'udp_timeout']) {
            expect([name, figure(name)]).toEqual([name, 0]);
          }
          expect(said).not.toContain('ERROR');
        });
        expect(counts).toMatchObject({ failed: 0, dropped: 0, unknownType: 0 });
        expect(counts.completed).toBeGreaterThanOrEqual(5000);
        expect(reconcileServer(counts)).toEqual([]);
      }),
  );
});
