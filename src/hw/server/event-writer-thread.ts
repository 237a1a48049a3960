/** The thread that takes events from the dispatcher's ring and puts them into a file. */

import { parentPort, workerData } from 'node:worker_threads';
import { createEventFile } from '../../events/event-file.js';
import { openEventRing } from '../../events/event-ring.js';
import type { EventFileHeader } from '../../results/event-header.js';

export interface EventWriterData {
  readonly memory: SharedArrayBuffer;
  readonly path: string;
  readonly header: Omit<EventFileHeader, 'schema'>;
}

const EVENTS_PER_TURN = 1 << 14;
/** Far below the time in which a busy dispatcher fills the ring. */
const NAP_MS = 2;
/** A run that is killed loses what was recorded since the last flush. */
const FLUSH_EVERY_MS = 1000;

function main({ memory, path, header }: EventWriterData): void {
  const ring = openEventRing(memory);
  const file = createEventFile(path, header);
  parentPort!.postMessage('open');
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  let flushedMs = performance.now();
  for (;;) {
    // Asked before draining: everything written before the end is then drained below.
    const ended = ring.hasEnded();
    const drained = ring.drain(file.add, EVENTS_PER_TURN);
    if (performance.now() - flushedMs > FLUSH_EVERY_MS) {
      file.flush();
      flushedMs = performance.now();
    }
    if (drained > 0) continue;
    if (ended) break;
    Atomics.wait(nobody, 0, 0, NAP_MS);
  }
  file.close(ring.lost());
}

main(workerData as EventWriterData);
