/** Ends that do not fit each other: numbers of queues, formats of frames, ports. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HardwareResult } from '../../src/experiment/hardware/run-hardware.js';
import type { ServerReport } from '../../src/results/server-schema.js';
import { psp, scratchFolder } from '../cli/psp.js';
import { startPsp } from './loopback-commands.js';
import { missingNative } from './support.js';

const folder = scratchFolder();
const DILATE = ['--workload', 'bimodal', '--dilate', '100'];
const OFFER = ['--workers', '2', '--load', '0.3', '--requests', '40', '--warmup', '0', '--json', '-'];
const DEVICE = `{ memif: ${join(folder, 'ends.sock')} }`;

function written(name: string, text: string): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, text);
  return path;
}

const serverWith = (fields: string, { port = 6789, frame = 'psp' } = {}): string =>
  written(
    'server',
    `frame: ${frame}
server: { device: ${DEVICE}, address: { ip: 192.168.77.10, port: ${port} }, workers: 2, application: sleep,
          poll: sleep, ${fields} }
`,
  );

const clientWith = (fields: string, frame = 'psp'): string =>
  written(
    'client',
    `frame: ${frame}
client: { device: ${DEVICE}, address: { ip: 192.168.77.11 }, server: { ip: 192.168.77.10 }, poll: sleep,
          drain: 200ms, ${fields} }
`,
  );

/** Serves during `work`; returns what the server counted and said. */
async function withServer(
  path: string,
  work: () => Promise<void>,
  policy = 'c-fcfs',
): Promise<ServerReport & { readonly err: string }> {
  const json = join(folder, 'server.json');
  const server = startPsp(['serve', '--config', path, ...DILATE, '--policy', policy, '--json', json], folder);
  await server.says('serving 192.168.77.10');
  await work().catch(async (error) => {
    await server.end('SIGKILL');
    throw error;
  });
  const { code, err } = await server.end('SIGTERM');
  expect([code, err.includes('do not add up')]).toEqual([0, false]);
  return { ...(JSON.parse(readFileSync(json, 'utf8')) as ServerReport), err };
}

async function load(path: string, ...more: string[]) {
  const { code, out, err } = await psp(['load', '--config', path, ...DILATE, ...OFFER, ...more], { cwd: folder });
  return { code, err, result: out === '' ? undefined : (JSON.parse(out) as HardwareResult[])[0]! };
}

const ANSWERED = { requests: 40, completed: 40, lost: 0, discarded: { foreign: 0, malformed: 0, duplicates: 0 } };

describe.skipIf(missingNative() !== undefined)('ends that do not fit', { timeout: 60_000 }, () => {
  it('a server uses only the queues that its client has, also when one with fewer follows', async () => {
    const work = async () => {
      for (const cores of ['[0]', '[0, 1]', '[0]']) {
        expect((await load(clientWith(`cores: ${cores}`))).result).toMatchObject(ANSWERED);
      }
    };
    const { counts, types, frame, windows } = await withServer(serverWith('queues: 2'), work, 'darc:declared');
    expect(windows).toMatchObject([{ id: 0, completed: 120, queued: 0, updated: false }]);
    expect(windows[0]!.groups.map((group) => [group.types, group.reserved.length])).toEqual([
      [['SHORT'], 1],
      [['LONG'], 1],
    ]);
    expect([frame, types.map(({ name }) => name)]).toEqual(['psp', ['SHORT', 'LONG', 'UNKNOWN']]);
    expect(types.reduce((sum, { completed }) => sum + completed, 0)).toBe(120);
    expect(
      types.every(({ completed, byWorker }) => byWorker.length === 2 && byWorker[0]! + byWorker[1]! === completed),
    ).toBe(true);
    expect(counts).toMatchObject({ requests: 120, completed: 120, foreign: 0, malformed: 0, repliesSent: 120 });
  });

  it('psp load keeps every request, and skips arrivals when too many are unanswered', async () => {
    await withServer(serverWith('queues: 1'), async () => {
      const { result } = await load(clientWith('cores: [0]'), '--samples', '--concurrency', '1');
      const { samples } = result as unknown as { samples: { sojournNs: string; type: string } };
      expect(Buffer.from(samples.sojournNs, 'base64').length).toBe(40 * 8);
      expect(result!.skipped).toBeGreaterThan(0);
      expect(result!.completed + result!.skipped).toBe(40);
    });
  });

  it('a client with more threads than the server has queues says so', async () => {
    await withServer(serverWith('queues: 1'), async () => {
      const { code, err } = await load(clientWith('cores: [0, 1], connect: 2s'));
      expect([code, err]).toEqual([
        3,
        'psp: device net_memif0: the link is down ' +
          '(does the server have 2 queues, one for each of the 2 cores of the client, and is it running?)',
      ]);
    });
  });

  it('IX frames at a server of PSP_MB are hinted at, and its answers are counted as what they are', async () => {
    const server = serverWith('queues: 1', { frame: 'psp-mb' });
    const { counts, err } = await withServer(server, async () => {
      const { code, err, result } = await load(clientWith('cores: [0]', 'ix'));
      expect(code).toBe(3);
      expect(err).toContain('psp: nothing that came back was an answer of the server, thrown away: ');
      expect(result!.discarded).toMatchObject({ foreign: 0, badChecksum: 0 });
      expect(result!.discarded.malformed).toBeGreaterThan(0);
      expect(result!.closingLine).toContain(`, thrown away: ${result!.discarded.malformed} malformed`);
    });
    expect(counts.looksLikeIx).toBe(counts.requests);
    expect(err).toContain(`psp: ${counts.requests} requests have the form of IX frames, but this server reads psp-mb`);
  });

  it('a server with port 0 takes requests for any port', async () => {
    await withServer(serverWith('queues: 1', { port: 0 }), async () => {
      for (const to of ['192.168.77.10', '192.168.77.10:34074']) {
        expect((await load(clientWith('cores: [0]'), '--to', to)).result).toMatchObject(ANSWERED);
      }
    });
  });
});
