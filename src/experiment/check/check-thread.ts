/** A thread that checks one policy. */

import { parentPort, workerData } from 'node:worker_threads';
import type { CheckCase } from '../../check/check-case.js';
import type { SentPolicy } from '../../hw/dispatcher/hardware-policy.js';
import { receivePolicy } from '../../policy-files/load-policies.js';
import { type SentError, sendError } from '../../units/errors.js';
import { type CheckOptions, type CheckReport, checkPolicy } from './check-policy.js';
import { notingCalls } from './noted-calls.js';

export interface CheckThreadData extends SentPolicy, Pick<CheckOptions, 'seed' | 'runs' | 'only'> {
  /** See noted-calls.ts. */
  readonly notes: Int32Array;
}

export type CheckMessage =
  | { readonly kind: 'case'; readonly given?: CheckCase }
  | { readonly kind: 'done'; readonly done: number }
  | { readonly kind: 'report'; readonly report: CheckReport }
  | { readonly kind: 'failed'; readonly error: SentError };

const tell = (message: CheckMessage) => parentPort!.postMessage(message);

try {
  const { policy: text, code, notes, ...options } = workerData as CheckThreadData;
  const chosen = receivePolicy(text, code);
  const noting = { ...chosen, policy: notingCalls(chosen.policy, notes) };
  const report = await checkPolicy(noting, {
    ...options,
    onProgress: (done) => tell({ kind: 'done', done }),
    onCase: (given) => tell({ kind: 'case', ...(given && { given }) }),
  });
  tell({ kind: 'report', report });
} catch (error) {
  tell({ kind: 'failed', error: sendError(error) });
}
