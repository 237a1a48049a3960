import type { Difference, ReplayReport } from '../../events/replay-events.js';
import type { Reservation } from '../../scheduler/scheduler.js';
import { formatDuration } from '../../units/duration.js';
import { UNKNOWN } from '../../units/unknown.js';

/** The run a report is about. */
export interface ReplayedRun {
  readonly world: 'sim' | 'hw';
  readonly policy: string;
  readonly workload: string;
  readonly workers: number;
  readonly types: readonly { readonly name: string }[];
}

/** A difference shows this many waiting requests. */
const WAITING_SHOWN = 8;

/** What a replay found, as text: one line when all is as recorded, the first difference with its context otherwise. */
export function formatReplay(run: ReplayedRun, report: ReplayReport): string {
  const { decisions, difference, gap, damage } = report;
  const world = run.world === 'sim' ? 'simulated' : 'real';
  const heading =
    `${run.policy} on ${run.workload}, ${run.workers} workers, ${world}: ${formatDuration(report.untilNs)} ` +
    'replayed';
  const made = `${exactly(decisions)} ${decisions === 1 ? 'decision' : 'decisions'}`;
  const verdict = `${made}, ${difference ? 'then a difference' : '0 differences'}`;
  const lines = [heading, verdict];
  if (gap) {
    lines.push(
      `The log was full at ${formatDuration(gap.atNs)} and lost ${exactly(gap.lost)} events: what came after ` +
        'cannot be replayed.',
    );
  }
  if (damage) lines.push('The file is damaged or cut off there: see below.');
  if (difference) lines.push('', ...formatDifference(run, difference));
  return `${lines.join('\n')}\n`;
}

/** 1 203 441: a proof is not rounded. */
function exactly(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
}

function formatDifference(run: ReplayedRun, difference: Difference): string[] {
  const { waiting, idle, reservation } = difference;
  const typeName = (type: number) => run.types[type]?.name ?? UNKNOWN;
  const shown = waiting
    .slice(0, WAITING_SHOWN)
    .map(({ request, type, waitedNs }) => `${request} ${typeName(type)} for ${formatDuration(waitedNs)}`);
  const more = waiting.length - shown.length;
  return [
    `event ${difference.event} at ${formatDuration(difference.atNs)}`,
    `  told       ${difference.told}`,
    `  recorded   ${difference.recorded}`,
    `  replayed   ${difference.replayed}`,
    `  idle       ${idle.length === 0 ? 'no worker' : `workers ${idle.join(', ')}`}`,
    `  waiting    ${waiting.length === 0 ? 'nothing' : shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    ...(reservation ? [`  reserved   ${formatGroups(reservation, typeName)}`] : []),
  ];
}

function formatGroups({ groups }: Reservation, typeName: (type: number) => string): string {
  return groups
    .map(({ types, workers }) => `${types.map(typeName).join('+')}: ${workers.join(' ') || '–'}`)
    .join(' | ');
}
