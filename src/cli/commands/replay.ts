import { type Command, Option } from 'commander';
import type { ReplayReport } from '../../events/replay-events.js';
import { replayFile } from '../../experiment/run/event-recording.js';
import { writeOutput } from '../../files/output-file.js';
import type { Timeline } from '../../metrics/timeline.js';
import { formatReplay } from '../../report/text/replay-text.js';
import { timelineSvg, windowText } from '../../report/timeline/timeline-svg.js';
import { timelineTrace } from '../../report/timeline/timeline-trace.js';
import type { EventFileHeader } from '../../results/event-header.js';
import { formatDuration } from '../../units/duration.js';
import { InputError } from '../../units/errors.js';
import { complain, EXIT } from '../failure.js';
import { checkOutputs, endingOf, outputTo, PICTURES, sendJson, withEnding, writePicture } from '../output.js';
import { parseSetting, settingOf } from '../settings.js';
import { timelineWindow } from '../timelines.js';

export function defineReplay(command: Command): void {
  command
    .description(
      'Gives the policy of a recorded run the same events again and compares every decision. ' +
        'Exit code 1 at the first difference.',
    )
    .argument('<FILE>', 'written by psp sim --record or psp run --hw --record')
    .option('--json', 'the report as JSON')
    .option(
      '--timeline <FILE>',
      'draw what ran on which worker: .svg, .png and .pdf are pictures, .json is for ui.perfetto.dev',
    )
    .addOption(timeOption('from', 'when the timeline begins (default: 0s)'))
    .addOption(timeOption('for', 'how long the timeline is (default: 1ms)'))
    .option('--policy <FILE>', 'the file of the recorded policy, or pkg:NAME, if it is not one of psp’s own')
    .option('--anyway', 'replay also when the code of the policy has changed, and show where they part')
    .addHelpText(
      'after',
      `
Example:
  psp sim --workload tpcc --policy darc --record run.events
  psp replay run.events`,
    )
    .action(async (file: string, options: ReplayCliOptions) => {
      process.exitCode = await run(file, options);
    });
}

interface ReplayCliOptions {
  readonly json?: true;
  readonly timeline?: string;
  readonly policy?: string;
  readonly anyway?: true;
  readonly fromNs?: number;
  readonly forNs?: number;
}

function timeOption(key: 'from' | 'for', help: string): Option {
  const setting = settingOf(key);
  const option = new Option(`--${key} <TIME>`, help).argParser((text) => {
    const value = parseSetting(setting, text, `--${key}`);
    if (typeof value === 'number') return value;
    throw new InputError(`--${key}: expected a time, because a recording is drawn as it is read, found '${text}'`);
  });
  option.attributeName = () => `${key}Ns`;
  return option;
}

async function run(
  file: string,
  { json, timeline: path, policy, anyway, ...window }: ReplayCliOptions,
): Promise<number> {
  if (path !== undefined) {
    withEnding('--timeline', path, [...PICTURES, 'json']);
    checkOutputs({ '--timeline': path }, [file]);
  }
  const code = { ...(policy !== undefined && { policy }), ...(anyway && { anyway }) };
  const asked = path === undefined ? undefined : timelineWindow(window);
  const { header, report, timeline } = replayFile(file, asked, code);
  const output = outputTo(process.stdout);
  const { damage, ...rest } = report;
  if (json) sendJson('-', { ...header, ...rest, ...(damage && { damage: damage.message }) });
  else output.write(formatReplay(header, report));
  if (damage) complain(damage.message);
  if (timeline && report.untilNs < (window.fromNs ?? 0)) {
    throw new InputError(
      `--from: expected a time within the recording, which ends at ${formatDuration(report.untilNs)}, ` +
        `found ${formatDuration(window.fromNs!)}`,
    );
  }
  if (timeline) await draw(timeline, header, path!);
  return exitCode(report);
}

async function draw(timeline: Timeline, header: EventFileHeader, path: string): Promise<void> {
  const title = `${header.policy} on ${header.workload}, recorded`;
  if (endingOf(path) === 'json') return writeOutput(path, timelineTrace(timeline, `psp: ${title}`));
  const stretched = header.dilation === 1 ? '' : ` · times stretched ${header.dilation} times`;
  const subtitle = `${header.workers} workers · ${windowText(timeline)}${stretched}`;
  await writePicture(path, timelineSvg(timeline, { title, subtitle }));
}

function exitCode({ damage, difference, decisions }: ReplayReport): number {
  if (difference) return EXIT.no;
  if (damage) return EXIT.usage;
  // A replay without decisions has proved nothing.
  return decisions === 0 ? EXIT.no : EXIT.ok;
}
