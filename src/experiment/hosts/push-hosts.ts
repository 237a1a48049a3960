/** Puts this psp onto the machines of a testbed: the packed package, and a native build on each. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { EnvironmentError } from '../../units/errors.js';
import { PACKAGE_ROOT } from '../package-info.js';
import type { Host } from './hosts-file.js';
import { onHost, pushScript } from './on-host.js';

const run = promisify(execFile);
const MOST_BYTES = 1 << 28;

/** What became of a push. */
export interface PushedHost {
  readonly host: Host;
  /** Absent when it went well. */
  readonly fault?: string;
}

/**
 * Packs psp and puts it onto all hosts at once. The folder of a host is replaced when its native build is done.
 *
 * @throws EnvironmentError when it cannot be packed here
 */
export async function pushHosts(hosts: readonly Host[], signal: AbortSignal): Promise<readonly PushedHost[]> {
  const archives = await packed();
  return Promise.all(
    hosts.map(async (host) => {
      const script = pushScript(
        host,
        archives.map(({ length }) => length),
      );
      const { code, err, out } = await onHost(host, script, { signal, input: archives });
      if (code === 0) return { host };
      const words = (err || out).trim().split('\n').at(-1);
      return { host, fault: words || `exit code ${code}` };
    }),
  );
}

/**
 * The package, as npm publishes it, and the headers that its native build needs. An end of a run needs no other
 * package: it runs from its bundle.
 */
async function packed(): Promise<readonly Buffer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'psp-push-'));
  const headers = dirname(createRequire(import.meta.url).resolve('node-addon-api/package.json'));
  try {
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
    const { stdout } = await run('npm', pack, { cwd: PACKAGE_ROOT, maxBuffer: MOST_BYTES });
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    const beside = ['-cz', '-C', dirname(headers), 'node-addon-api'];
    const tar = await run('tar', beside, { encoding: 'buffer', maxBuffer: MOST_BYTES });
    return [readFileSync(join(folder, filename)), tar.stdout];
  } catch (error) {
    throw new EnvironmentError(`psp cannot be packed: ${(error as Error).message.trim().split('\n').at(-1)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
