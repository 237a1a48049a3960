import type { Capacity } from '../../results/capacity-schema.js';
import { policyLabel } from '../../scheduler/policy-label.js';
import { formatRate } from '../../units/rate.js';
import type { Bars } from './bars.js';

/** What each policy sustains, or how many workers it needs, as bars. */
export function capacityBars({ find, slos, title, entries }: Capacity): Bars {
  const known = entries.flatMap(({ probes }) => probes)[0];
  const objectives = slos.join('; ');
  if (find === 'workers') {
    return {
      title: `Workers needed: ${title}, ${formatRate(known?.offeredRps ?? 0)}`,
      caption:
        `The fewest workers that meet: ${objectives}. Full: as many as are needed, for fewer were shown not to ` +
        'do. Pale: up to the fewest that were shown to do (95 % confidence each).',
      axis: { label: 'workers', unit: 'number' },
      rows: entries.map((entry) => {
        const { holds, fails } = entry;
        if (!holds) return { name: policyLabel(entry), value: null, label: 'none' };
        const needed = fails ? fails.workers + 1 : holds.workers;
        return {
          name: policyLabel(entry),
          value: needed,
          mayBe: holds.workers,
          label: needed < holds.workers ? `${needed} … ${holds.workers}` : String(holds.workers),
        };
      }),
    };
  }
  return {
    title: `Sustained rate: ${title}, ${known?.workers} workers`,
    caption:
      `The highest rate that was shown to meet: ${objectives}. Pale: up to the lowest that was shown not to (95 ` +
      '% confidence each).',
    axis: { label: 'requests per second', unit: 'rate' },
    rows: entries.map((entry) => {
      const { holds, fails } = entry;
      return {
        name: policyLabel(entry),
        value: holds?.offeredRps ?? null,
        ...(fails && { mayBe: fails.offeredRps }),
        label: holds ? `${formatRate(holds.offeredRps)} (load ${holds.load.toFixed(2)})` : 'nothing',
      };
    }),
  };
}
