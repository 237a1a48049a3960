import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { HardwareResult } from '../../src/experiment/hardware/run-hardware.js';
import { MAIN, type Outcome, psp, scratchFolder } from '../cli/psp.js';
import { loopbackConfig, startPsp, WIDE } from './loopback-commands.js';
import { FORMS, missingNative } from './support.js';

const folder = scratchFolder();
const DILATE = ['--workload', 'bimodal', '--dilate', '100'];

const start = (args: readonly string[]) => startPsp(args, folder);

function load(path: string, ...args: string[]): Promise<Outcome> {
  const offer = ['--workers', '2', '--load', '0.4', '--requests', '100', '--warmup', '0', '--json', '-'];
  return psp(['load', '--config', path, ...DILATE, ...offer, ...args], { cwd: folder });
}

function expectAnswered({ code, out, err }: Outcome): HardwareResult {
  expect(err.split('\n').every((line) => line.length <= 80)).toBe(true);
  expect(err.replaceAll('\n', ' ')).toMatch(
    /lost 0, late \d+\. Duration: \d+\.\d\ds -> Sent: 100, Received: 100, 0 sent but not answered/,
  );
  expect(code).toBe(0);
  const [result] = JSON.parse(out) as HardwareResult[];
  expect(result).toMatchObject({ world: 'hw', requests: 100, completed: 100, lost: 0, skipped: 0, end: 'complete' });
  expect(result!.overall.sojournNs.count).toBe(100);
  return result!;
}

const COUNTED = 'received 100 requests (0 of unknown type), completed 100, dropped 0, replies sent 100, not sent 0';

describe.skipIf(missingNative() !== undefined).each(FORMS)(
  'the commands of a hardware run, poll: %s',
  { timeout: 60_000 },
  (net) => {
    const config = (name: string, frame: string) => loopbackConfig(folder, `${name}-${net}`, net, frame);

    it('psp serve, in place of one that was killed, answers psp load in the plain format of the seeds', async () => {
      const path = config('mb', 'psp');
      const serve = ['serve', '--config', path, ...DILATE, '--policy', 'darc:window=50'];
      const victim = start(serve);
      await victim.says('serving 192.168.77.10:6789 (');
      await victim.says(`poll: ${net}`);
      const second = await psp(serve, { cwd: folder });
      expect([second.code, second.err]).toEqual([
        3,
        `psp: memif socket ${join(folder, `mb-${net}.sock`)}: in use by another server`,
      ]);
      await victim.end('SIGKILL');

      const server = start(serve);
      const result = expectAnswered(await load(path, '--to', '192.168.77.10:6789', '--frame', 'psp-mb'));
      // Frames of the seeds carry no stamps.
      expect(result.server.serviceNs.count).toBe(0);
      expect(result).toMatchObject({ policy: 'unknown', serverCounted: false });
      const { code, err } = await server.end('SIGTERM');
      expect(err).toContain(COUNTED);
      expect(err).not.toContain('do not add up');
      expect(code).toBe(0);
    });

    it('psp run --role server and --role client speak IX frames, started at once; SIGTERM ends it', async () => {
      const path = config('ix', 'ix');
      const server = start(['run', '--hw', '--config', path, '--role', 'server', ...DILATE]);
      const loaded = await load(path, '--slice', '1ms');
      const { slices, phases, offeredRps } = expectAnswered(loaded);
      expect(slices!.reduce((sum, { overall }) => sum + overall!.sojournNs.count, 0)).toBe(100);
      expect(phases).toMatchObject([{ fromNs: 0, unanswered: 0 }]);
      expect(Math.abs(phases![0]!.offeredRps / offeredRps! - 1)).toBeLessThan(0.5);
      expect(loaded.err).toMatch(/offered [\d.]+k\/s, achieved [\d.]+k\/s, 0 unanswered/);
      const { code, err } = await server.end('SIGTERM');
      expect(err).toContain(COUNTED);
      expect(code).toBe(0);
    });

    it('SIGINT ends psp run with exit code 130 and the result so far', async () => {
      const run = start([
        'run',
        '--hw',
        ...DILATE,
        '--workers',
        '2',
        '--poll',
        net,
        '--requests',
        '50k',
        '--policy',
        'c-fcfs,d-fcfs',
        '--json',
        '-',
      ]);
      await run.says('dilation 100');
      await sleep(3000);
      const { code, out, err } = await run.end('SIGINT');
      expect(code).toBe(130);
      const results = JSON.parse(out) as HardwareResult[];
      expect(results.map(({ policy }) => policy)).toEqual(['c-fcfs']);
      const [result] = results;
      expect(result).toMatchObject({ interrupted: true, end: 'stopped', unreconciled: [], poll: net });
      expect(result!.requests).toBeLessThan(50_000);
      expect(result!.completed + result!.dropped + result!.inFlight + result!.lost).toBe(result!.requests);
      expect(err).toContain('Duration: ');
    });

    const hasScript = spawnSync('script', ['--version']).status === 0;
    if (!hasScript) console.warn('SKIPPED: live figures on a terminal: no script(1)');
    it.skipIf(!hasScript)('shows live figures on a terminal, and Ctrl-C there ends it in order', async () => {
      const json = join(folder, 'live.json');
      const words = [
        process.execPath,
        MAIN,
        'run',
        '--hw',
        ...DILATE,
        '--workers',
        '4',
        '--requests',
        '50k',
        '--poll',
        net,
      ];
      const command = [WIDE, 'exec', ...words, '--policy', 'darc:window=50', '--json', json].join(' ');
      const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let shown = '';
      let interrupted = false;
      terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
        shown += text;
        if (!interrupted && /reserved SHORT \d/.test(shown)) {
          interrupted = true;
          terminal.stdin.write('\u0003');
        }
      });
      const code = await new Promise((resolve) => terminal.once('exit', resolve));
      const lines = shown.split('\r\u001b[K');
      expect(lines).toContainEqual(
        expect.stringMatching(/^darc:window=50 [\d.]+k?\/s, \d+ in flight, p99 slowdown \d+\.\d/),
      );
      expect(lines).toContainEqual(expect.stringMatching(/, p99 slowdown \d+\.\d, reserved SHORT \d LONG \d/));
      expect(code).toBe(130);
      const [result] = JSON.parse(readFileSync(json, 'utf8')) as HardwareResult[];
      expect(result).toMatchObject({ policy: 'darc', interrupted: true, end: 'stopped', unreconciled: [] });
      expect(result!.completed).toBeGreaterThan(50);
    });
  },
);
