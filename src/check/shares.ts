/** The referee's watch over policies that share the workers among all requests. */

import type { KnownRequest, Violated } from './books.js';

/** Requests that are looked back on. */
const LATEST = 1000;

export interface Shares {
  arrived(request: KnownRequest): void;
  /** Call it when a request has completed. */
  check(nowNs: number): void;
}

/**
 * No worker can have done more than one ns of work per ns: not since any arrival, for the requests that came with it
 * and after.
 */
export function createShares(workers: number, violated: Violated): Shares {
  const recent: KnownRequest[] = [];
  return {
    arrived(request) {
      recent.push(request);
      if (recent.length > 2 * LATEST) recent.splice(0, LATEST);
    },
    check(nowNs) {
      let doneNs = 0;
      for (let i = recent.length - 1; i >= 0; i--) {
        const { id, state, demandNs, arrivedNs } = recent[i]!;
        if (state !== 'left') continue;
        doneNs += demandNs;
        const elapsedNs = nowNs - arrivedNs;
        if (elapsedNs < demandNs) violated('shares', `request ${id} completed ${elapsedNs} ns after its arrival`);
        if (doneNs > elapsedNs * workers)
          violated('shares', `${doneNs} ns of work were done in ${elapsedNs} ns by ${workers} workers`);
      }
    },
  };
}
