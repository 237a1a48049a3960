import { make } from '../../report/page/dom.js';
import { effect } from '../signals.js';
import { TOUR } from '../tour.js';
import type { Lab } from './lab-parts.js';
import type { TimelineView } from './timeline-view.js';

export function tourPanel({ state, change }: Lab, timelines: TimelineView): HTMLElement {
  const node = make('section', { 'aria-label': 'Guided tour', class: 'tour' });
  const go = (step: number) => {
    timelines.chosen.set(undefined);
    timelines.play(false);
    change({ ...(TOUR[step - 1]?.state ?? {}), step });
    if (step > 0) timelines.showWanted();
  };
  let shown = -1;
  effect(() => {
    const { step } = state.get();
    if (step === shown) return;
    shown = step;
    const numbers = TOUR.map((each, i) =>
      make(
        'button',
        {
          type: 'button',
          class: 'step',
          title: each.title,
          'aria-label': `Step ${i + 1}: ${each.title}`,
          'aria-current': i + 1 === step ? 'step' : undefined,
          click: () => go(i + 1),
        },
        String(i + 1),
      ),
    );
    const sandbox = make(
      'button',
      { type: 'button', class: 'step', 'aria-current': step === 0 ? 'step' : undefined, click: () => go(0) },
      'sandbox',
    );
    const steps = make('nav', { 'aria-label': 'Steps of the tour' }, ...numbers, sandbox);
    const now = TOUR[step - 1];
    if (!now) {
      node.replaceChildren(steps, make('p', {}, 'The sandbox: choose anything. The tour is above when you want it.'));
      return;
    }
    const { act } = now;
    const button = make(
      'button',
      {
        type: 'button',
        id: 'act',
        click: () => {
          if ('worst' in act) timelines.jumpToWorst(act.index, act.worst);
          else if ('play' in act) timelines.play(true);
          else change(act.change);
        },
      },
      act.label,
    );
    const next = make(
      'button',
      { type: 'button', id: 'next', click: () => go(step === TOUR.length ? 0 : step + 1) },
      step === TOUR.length ? 'To the sandbox' : 'Next',
    );
    node.replaceChildren(
      steps,
      make('h2', {}, `${step}. ${now.title}`),
      make('p', {}, now.text),
      make('p', {}, make('strong', {}, 'Do: '), now.task),
      make('p', { class: 'bar' }, button, next),
    );
  });
  return node;
}
