import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../results/result.js';
import { PACKAGE_ROOT, packageVersion } from './package-info.js';

/** The part of a manifest that is the same for all runs of one process. */
export type Environment = Pick<Manifest, 'version' | 'commit' | 'node' | 'cpu'>;

export function describeEnvironment(): Environment {
  return {
    version: packageVersion(),
    commit: commit(),
    node: process.version,
    cpu: cpus()[0]?.model.trim() || 'unknown',
  };
}

/**
 * The commit of the checkout the code runs from, with `-dirty` when files differ from it; null when it is not a
 * checkout or git is not there.
 */
function commit(): string | null {
  if (!existsSync(join(PACKAGE_ROOT, '.git'))) return null;
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], {
      cwd: PACKAGE_ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5_000,
    }).trim();
  } catch {
    return null;
  }
}
