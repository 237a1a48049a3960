/** Which policy, on how many workers: several searches of capacity for each policy, side by side. */

import type { Advice, AdviceEntry } from '../../results/advice-schema.js';
import type { Capacity, CapacityEntry } from '../../results/capacity-schema.js';
import { withDefaults } from '../plan/run-settings.js';
import { createThreadPool } from '../run/thread-pool.js';
import { type CapacityOptions, type CapacitySettings, findCapacity, rememberedScan } from './find-capacity.js';

export interface AdviseOptions extends Pick<CapacityOptions, 'slos' | 'signal' | 'mostReplications' | 'onNotes'> {
  /** Growth of the rate, as a share; 0 for none. */
  readonly growth: number;
  /** Shares of requests that cannot be classified, besides 0. */
  readonly unclassified: readonly number[];
  /** The present number of workers. */
  readonly workers?: number;
  readonly mostWorkers: number;
  /** Is told what is searched. */
  readonly onSearch?: (policy: string, what: string) => void;
}

/**
 * @param settings with the present rate
 * @returns what was found before the signal stopped it
 * @throws InputError or EnvironmentError
 */
export async function advise(
  settings: CapacitySettings & { readonly rateRps: number },
  options: AdviseOptions,
): Promise<Advice | undefined> {
  const { slos, growth, unclassified, workers, mostWorkers, signal, onSearch } = options;
  const threads = createThreadPool();
  const scan = rememberedScan();
  const entries: AdviceEntry[] = [];
  let last: Capacity | undefined;
  try {
    for (const policy of withDefaults(settings).policies ?? []) {
      const search = async (
        what: string,
        changed: object,
        find: 'load' | 'workers',
      ): Promise<CapacityEntry | undefined> => {
        if (signal?.aborted) return undefined;
        onSearch?.(policy, what);
        const { onNotes, mostReplications } = options;
        const found = await findCapacity(
          { ...settings, policies: [policy], ...changed },
          {
            ...{ slos, find, threads, scan, mostWorkers },
            ...(signal && { signal }),
            ...(mostReplications !== undefined && { mostReplications }),
            ...(onNotes && !last && { onNotes }),
          },
        );
        last = found;
        return found.entries[0];
      };
      const today = await search('workers today', {}, 'workers');
      if (!today) continue;
      const grown =
        growth > 0 ? await search('with growth', { rateRps: settings.rateRps * (1 + growth) }, 'workers') : undefined;
      const headroom =
        workers === undefined
          ? undefined
          : await search(`headroom of ${workers} workers`, { rateRps: undefined, workers }, 'load');
      const missed = [];
      for (const share of unclassified) {
        const entry = await search(`${100 * share} % unclassified`, { unclassified: share }, 'workers');
        if (entry) missed.push({ share, entry });
      }
      entries.push({ policy, today, ...(grown && { grown }), ...(headroom && { headroom }), unclassified: missed });
    }
  } finally {
    threads.close();
  }
  if (!last) return undefined;
  const { workload, title, seed, manifest } = last;
  return {
    schema: 'psp.advice/1',
    ...{ workload, title, seed, manifest, growth, entries },
    slos: slos.map(({ text }) => text),
    rateRps: settings.rateRps,
    ...(workers !== undefined && { workers }),
  };
}
