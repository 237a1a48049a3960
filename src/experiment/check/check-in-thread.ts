/** Checks a policy in a thread of its own, and ends it when a call of the policy does not return. */

import { Worker } from 'node:worker_threads';
import { type CheckCase, describeCase, formatCase } from '../../check/check-case.js';
import { entryPoint } from '../../files/entry-point.js';
import { sentPolicy } from '../../hw/dispatcher/hardware-policy.js';
import type { TypedPolicy } from '../../scheduler/policy-registry.js';
import { receiveError } from '../../units/errors.js';
import type { CheckOptions, CheckReport } from './check-policy.js';
import type { CheckMessage, CheckThreadData } from './check-thread.js';
import { callUnderWay, createCallNotes } from './noted-calls.js';

const LOOK_EVERY_MS = 250;
/** A call takes microseconds. One that is the same at so many looks in a row, 5 s, does not return. */
const MOST_LOOKS = 20;

/**
 * The same as `checkPolicy`. A call that does not return, or takes all memory, is a broken promise, too.
 *
 * @throws InputError when the policy refuses every case
 */
export async function checkInThread(
  policy: TypedPolicy,
  { seed, runs, only, onProgress }: CheckOptions = {},
): Promise<CheckReport> {
  const notes = createCallNotes();
  const options = { ...(seed !== undefined && { seed }), ...(runs !== undefined && { runs }), ...(only && { only }) };
  const workerData: CheckThreadData = { ...sentPolicy(policy), ...options, notes };
  const thread = new Worker(entryPoint('experiment/check/check-thread'), { workerData, execArgv: [] });
  let [given, done]: [CheckCase | undefined, number] = [undefined, 0];
  const failed = (property: string, story: string): CheckReport => ({
    ...{ policy: policy.policy.name, ok: false, cases: done, requests: 0, refused: 0 },
    violation: { property, story, ...(given && { workload: describeCase(given), case: formatCase(given) }) },
  });
  let looking: NodeJS.Timeout | undefined;
  try {
    return await new Promise<CheckReport>((resolve, reject) => {
      thread.on('message', (message: CheckMessage) => {
        if (message.kind === 'report') resolve(message.report);
        else if (message.kind === 'failed') reject(receiveError(message.error));
        else if (message.kind === 'case') given = message.given;
        else {
          done = message.done;
          onProgress?.(done);
        }
      });
      thread.once('error', (error: NodeJS.ErrnoException) => {
        const call = callUnderWay(notes)?.call;
        if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY' || !call) reject(error);
        else resolve(failed('bounded memory', `${call}() took all memory`));
      });
      let [count, looks] = [-1, 0];
      looking = setInterval(() => {
        const now = callUnderWay(notes);
        looks = now && now.count === count ? looks + 1 : 0;
        count = now?.count ?? -1;
        const seconds = (MOST_LOOKS * LOOK_EVERY_MS) / 1000;
        if (looks >= MOST_LOOKS)
          resolve(failed('every call returns', `${now!.call}() did not return within ${seconds} s`));
      }, LOOK_EVERY_MS);
    });
  } finally {
    clearInterval(looking);
    await thread.terminate();
  }
}
