import { createEventFile, openEventFile, sinkOf } from '../../events/event-file.js';
import { type ReplayReport, replay } from '../../events/replay-events.js';
import { tapped } from '../../events/tap.js';
import { cannotRead } from '../../files/cannot-read.js';
import { cannotWrite } from '../../files/output-file.js';
import { collectTimeline, type Timeline, type TimelineReservation } from '../../metrics/timeline.js';
import { openPolicyFile } from '../../policy-files/open-policies.js';
import { policyCodeOf, policyHash } from '../../policy-files/policy-hashes.js';
import type { EventFileHeader } from '../../results/event-header.js';
import { type Policy, parametersFromPlain, plainParameters } from '../../scheduler/policy.js';
import {
  type ChosenPolicy,
  describePolicy,
  isPolicyFile,
  parsePolicy,
  policyFileOf,
} from '../../scheduler/policy-registry.js';
import { costsOf, wholeHandoffNs } from '../../sim/costs.js';
import { InputError } from '../../units/errors.js';
import { typeNames } from '../../units/unknown.js';
import { STREAM, substream } from '../../workload/random.js';
import type { OpenWorkload } from '../plan/open-generated.js';
import type { RunSpec } from '../plan/run-spec.js';

/** A simulated run that is recorded. */
export interface RecordedRun {
  /** The policy to simulate instead: the same, with its events written down. */
  readonly policy: ChosenPolicy;
  /** Ends the file. */
  close(): void;
}

/**
 * Begins to record a simulation into a file.
 *
 * @throws EnvironmentError when the file cannot be written
 */
export function recordSimulation(
  path: string,
  spec: Pick<RunSpec, 'policy' | 'system' | 'workers' | 'seed' | 'replication'>,
  workload: Pick<OpenWorkload, 'name' | 'types' | 'trueProfile'>,
): RecordedRun {
  const chosen = spec.policy;
  const header: Omit<EventFileHeader, 'schema'> = {
    world: 'sim',
    policy: spec.policy.text,
    policyCode: policyCodeOf(chosen),
    parameters: plainParameters(chosen.parameters),
    workload: workload.name,
    workers: spec.workers,
    types: workload.types.map(({ name, deadlineNs, sloNs }) => ({
      name,
      ...(deadlineNs !== undefined && { deadlineNs }),
      ...(sloNs !== undefined && { sloNs }),
    })),
    seed: spec.seed,
    replication: spec.replication,
    trueProfile: workload.trueProfile,
    ...(spec.system && { handoffNs: wholeHandoffNs(costsOf(spec.system.costs, chosen)) }),
    dilation: 1,
  };
  try {
    const writer = createEventFile(path, header);
    const sink = sinkOf(writer);
    const write: typeof sink.write = (...event) => {
      try {
        sink.write(...event);
      } catch (error) {
        throw cannotWrite(path, error);
      }
    };
    const close = () => {
      try {
        writer.close(0);
      } catch (error) {
        throw cannotWrite(path, error);
      }
    };
    return { policy: { policy: tapped(chosen.policy, { write }), parameters: chosen.parameters }, close };
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** With which code a recording is replayed. */
export interface ReplayedCode {
  /** Its policy by its file, if it is not one of psp's own; parameters may follow, and are those of the recording. */
  readonly policy?: string;
  /** Replay also with other code than the recorded one. */
  readonly anyway?: boolean;
}

/**
 * The policy that a recording is replayed with. The file of a policy is never taken from the recording, which may come
 * from anyone.
 */
function policyOf({ policy: text, policyCode }: EventFileHeader, { policy, anyway }: ReplayedCode): Policy {
  const file = policy === undefined ? undefined : (policyFileOf(policy) ?? policy);
  if (file === undefined && isPolicyFile(text)) {
    throw new InputError(`recorded under ${text}: expected the file of that policy, found none: add --policy FILE`);
  }
  const chosen = parsePolicy(text, () => openPolicyFile(file!));
  const given = policy !== undefined && policy !== file ? describePolicy(parsePolicy(policy)) : undefined;
  if (given !== undefined && given !== describePolicy(chosen)) {
    throw new InputError(`recorded under ${describePolicy(chosen)}: expected that, found --policy ${given}`);
  }
  const recorded = policyCode?.sha256;
  const now = policyHash(chosen);
  if (anyway || recorded === undefined || recorded === now) return chosen.policy;
  throw new InputError(
    `the code of ${file ?? chosen.policy.name} has changed since it was recorded: expected ` +
      `${recorded.slice(0, 12)}, found ${now.slice(0, 12)}: --anyway replays and shows where they part`,
  );
}

/** A recording taken again. */
export interface Replayed {
  readonly header: EventFileHeader;
  readonly report: ReplayReport;
  /** What happened in the window that was asked for, in the times of the recording (stretched in a dilated run). */
  readonly timeline?: Timeline;
}

/**
 * Takes the decisions of a recorded run again.
 *
 * @param window of the wanted timeline
 * @throws InputError when the file is missing, is not an event file, or names a policy that psp does not have
 */
export function replayFile(
  path: string,
  window?: { readonly fromNs: number; readonly forNs: number },
  code: ReplayedCode = {},
): Replayed {
  const file = openOrExplain(path);
  const { header } = file;
  try {
    const policy = policyOf(header, code);
    const reservations: TimelineReservation[] = [];
    const collector =
      window &&
      collectTimeline({
        fromNs: window.fromNs,
        toNs: window.fromNs + window.forNs,
        workers: header.workers,
        // The last is UNKNOWN, which only some traces have.
        typeNames: typeNames({ types: header.types, hasUnknown: true }),
      });
    const report = replay({
      policy,
      parameters: parametersFromPlain(policy, header.parameters),
      setup: {
        workers: header.workers,
        types: header.types,
        random: substream(header.seed, STREAM.stealing, header.replication),
        ...(header.trueProfile && { trueProfile: header.trueProfile }),
        ...(header.handoffNs !== undefined && { handoffNs: header.handoffNs }),
      },
      file,
      ...(collector && { observer: collector.observer }),
      onReservation: ({ groups }, atNs) => reservations.push({ atNs, groups }),
    });
    return { header, report, ...(collector && { timeline: collector.finish(reservations) }) };
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${path}: ${error.message}`);
    throw error;
  } finally {
    file.close();
  }
}

function openOrExplain(path: string) {
  try {
    return openEventFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) throw cannotRead(path, error);
    throw error;
  }
}
