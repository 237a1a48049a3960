/** Hostile event files: recordings that were changed at random, with checksums that are right. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from '../../src/events/codec.js';
import { EventKind } from '../../src/events/event.js';
import { createEventFile, openEventFile } from '../../src/events/event-file.js';
import { recordSimulation, replayFile } from '../../src/experiment/run/event-recording.js';
import { parsePolicy, policies } from '../../src/scheduler/policy-registry.js';
import { InputError } from '../../src/units/errors.js';
import { substream } from '../../src/workload/random.js';
import { trueProfile } from '../../src/workload/workload.js';
import { run, shippedWorkload } from '../support/workloads.js';

const WORKERS = 3;
const REQUESTS = 200;
/** Where the header's checksum and the header itself are. */
const HEADER_LENGTH_AT = 12;
const HEADER_CHECKSUM_AT = 16;
const HEADER_AT = 20;
/** A hostile file may not keep a replay busy for longer. */
const LONGEST_MS = 10_000;

type Random = () => number;

/**
 * Replays `count` changed recordings, each of which must end in a report or an InputError.
 *
 * @throws Error that names the seed, the run and the policy, when one does not
 */
export async function fuzzEventFiles(seed: number, count: number, folder: string): Promise<void> {
  const random = substream(seed, 'event files');
  const below = (limit: number): number => Math.floor(random() * limit);
  const recordings = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const { name } = policies[below(policies.length)]!;
    if (!recordings.has(name)) recordings.set(name, await record(name, join(folder, `${name}.events`)));
    const path = join(folder, 'fuzzed.events');
    const change = CHANGES[below(CHANGES.length)]!;
    change(recordings.get(name)!, path, random);
    const beganMs = performance.now();
    try {
      replayFile(path);
    } catch (error) {
      if (!(error instanceof InputError))
        throw new Error(`seed ${seed}, run ${i}, ${name}, ${change.name}`, { cause: error });
    }
    const tookMs = performance.now() - beganMs;
    if (tookMs > LONGEST_MS) throw new Error(`seed ${seed}, run ${i}, ${name}, ${change.name}: took ${tookMs} ms`);
  }
}

async function record(policy: string, path: string): Promise<string> {
  const workload = shippedWorkload('bimodal');
  const recording = recordSimulation(
    path,
    { policy: parsePolicy(policy), workers: WORKERS, seed: '1', replication: 0 },
    { name: 'bimodal', types: workload.types, trueProfile: trueProfile(workload) },
  );
  await run(policy, workload, { requests: REQUESTS, load: 0.9, workers: WORKERS, policy: recording.policy });
  recording.close();
  return path;
}

const CHANGES = [flipBits, changeHeader, changeBlockBytes, changeEvents];

/** Damage, as a disk does it. */
function flipBits(from: string, to: string, random: Random): void {
  const bytes = readFileSync(from);
  for (let i = 0; i < 3; i++) bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
  writeFileSync(to, random() < 0.3 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes);
}

const STRANGE = [
  -1,
  0,
  1,
  2,
  255,
  65_535,
  2 ** 31 - 1,
  2 ** 53,
  1e300,
  null,
  '',
  'constructor',
  '__proto__',
  [],
  {},
  true,
];

/** Another value for one of the header's fields, sealed again. */
function changeHeader(from: string, to: string, random: Random): void {
  const bytes = readFileSync(from);
  const end = HEADER_AT + bytes.readUInt32LE(HEADER_LENGTH_AT);
  const header = JSON.parse(bytes.toString('utf8', HEADER_AT, end)) as Record<string, unknown>;
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const key = pick(Object.keys(header));
  const field = header[key];
  const inner = typeof field === 'object' && field !== null && Object.keys(field).length > 0 && random() < 0.7;
  if (inner) (field as Record<string, unknown>)[pick(Object.keys(field))] = pick(STRANGE);
  else header[key] = pick(STRANGE);
  const content = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.from(bytes.subarray(0, HEADER_AT));
  prefix.writeUInt32LE(content.length, HEADER_LENGTH_AT);
  prefix.writeUInt32LE(crc32(content), HEADER_CHECKSUM_AT);
  writeFileSync(to, Buffer.concat([prefix, content, bytes.subarray(end)]));
}

/** Other bytes in the first block, sealed again. */
function changeBlockBytes(from: string, to: string, random: Random): void {
  const bytes = readFileSync(from);
  const section = HEADER_AT + bytes.readUInt32LE(HEADER_LENGTH_AT);
  const content = bytes.subarray(section + 12, section + 12 + bytes.readUInt32LE(section + 4));
  for (let i = 0; i < 4; i++) content[Math.floor(random() * content.length)] = Math.floor(random() * 256);
  bytes.writeUInt32LE(crc32(content), section + 8);
  writeFileSync(to, bytes);
}

/** Well-formed events that no run can have had: changed, left out, or twice. */
function changeEvents(from: string, to: string, random: Random): void {
  const reader = openEventFile(from);
  const writer = createEventFile(to, reader.header);
  const kinds = Object.values(EventKind);
  const number = (): number =>
    random() < 0.5 ? Math.floor(random() * 6) - 1 : Math.floor(random() * 2 ** 32) - 2 ** 31;
  for (const { count, kind, a, b, c, timeNs } of reader.blocks()) {
    for (let i = 0; i < count; i++) {
      const event: [number, number, number, number] = [kind[i]!, a[i]!, b[i]!, c[i]!];
      const dice = random();
      if (dice < 0.002) continue;
      if (dice < 0.004) event[0] = kinds[Math.floor(random() * kinds.length)]!;
      else if (dice < 0.008) event[1 + Math.floor(random() * 3)] = number();
      writer.add(...event, timeNs[i]!);
      if (dice > 0.998) writer.add(...event, timeNs[i]!);
    }
  }
  reader.close();
  writer.close(0);
}
