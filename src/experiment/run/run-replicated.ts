import { pooledHash, type RunSpec } from '../plan/run-spec.js';
import { createOwnThread, suitsOwnThread } from './own-thread.js';
import { type Replicated, type ReplicationHooks, type Replications, replicate } from './replicate.js';
import { createThreadPool, type ThreadPool } from './thread-pool.js';

/**
 * Runs every spec in independent replications, on all cores. Replication r has the random streams of number
 * `spec.replication` + r, whatever the policy, so that all policies get the same requests. How many replications there
 * are depends on the results only, not on the machine.
 */
export async function runReplicated(
  specs: readonly RunSpec[],
  replications: Replications,
  { threads, ...hooks }: ReplicationHooks & { readonly threads?: ThreadPool } = {},
): Promise<Replicated[]> {
  const isOne = specs.length === 1 && replications.first === 1 && !replications.precision && !hooks.enough;
  const shared = threads ?? (isOne && suitsOwnThread(specs[0]!) ? createOwnThread(isOne) : createThreadPool());
  try {
    return await replicate(specs, replications, hooks, shared, pooledHash);
  } finally {
    if (!threads) shared.close();
  }
}
