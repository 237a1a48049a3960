import type { Advice } from '../../results/advice-schema.js';
import { adviceCommands, adviceTable, recommendation } from '../text/advice-text.js';
import { staticPage } from './static-page.js';

/** Advice as a page that one can send to a colleague. */
export function advicePage(advice: Advice): string {
  const { columns, rows } = adviceTable(advice);
  const { title, slos, manifest, seed } = advice;
  return staticPage(`${title}: which policy, on how many workers`, [
    { text: recommendation(advice) },
    { heading: 'Objectives' },
    { items: slos },
    { heading: 'Workers that each policy needs' },
    { columns: columns.map((name) => name.replace('\n', ' ')), rows },
    {
      text:
        'The fewest workers that were shown to meet the objectives, each with 95 % confidence. Headroom: how much ' +
        'the rate may grow before the present workers miss an objective.',
    },
    { heading: 'Commands' },
    { columns: ['number', 'command'], rows: adviceCommands(advice).map(({ what, command }) => [what, command]) },
    { text: `psp ${manifest.version}, seed ${seed}` },
  ]);
}
