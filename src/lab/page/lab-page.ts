import { make } from '../../report/page/dom.js';
import type { LabData } from '../lab-html.js';
import type { LabRun } from '../lab-run.js';
import { fragmentOf, type LabState, runKey, stateOf, usesMine } from '../lab-state.js';
import type { Recording } from '../recording.js';
import { effect, type Signal, signal } from '../signals.js';
import { controlsPanel } from './controls-panel.js';
import { curves } from './curves.js';
import { editorPanel } from './editor-panel.js';
import { eraseTypes } from './erase-types.js';
import { createComparison } from './lab-comparison.js';
import { labData, ownCode } from './lab-data.js';
import type { Lab } from './lab-parts.js';
import { createLabThreads } from './lab-threads.js';
import { numbersTable } from './numbers-table.js';
import { sharePanel } from './share-panel.js';
import { type TimelineView, timelineView } from './timeline-view.js';
import { tourPanel } from './tour-panel.js';

/** A window that did not move for this long rests, ms. */
const REST_MS = 300;
/** Workers that measure, beside the two that take a first look. */
const MOST_MEASURERS = 4;

export function startPage(): void {
  const data = labData();
  const address = ownCode();
  const measurers = Math.max(1, Math.min(MOST_MEASURERS, (navigator.hardwareConcurrency || 2) - 1));
  const comparison = createComparison(createLabThreads(2, address), createLabThreads(measurers, address));
  const state = signal(known(stateOf(location.hash), data));
  const change = (by: Partial<LabState>) => state.set({ ...state.peek(), ...by });
  const part = <K extends keyof LabState>(key: K): Signal<LabState[K]> => ({
    get: () => state.get()[key],
    peek: () => state.peek()[key],
    set: (value) => change({ [key]: value } as Partial<LabState>),
  });
  const shipped = (name: string) => data.workloads.find((each) => each.name === name)!.text;
  const yaml: Signal<string> = {
    get: () => state.get().yaml || shipped(state.get().workload),
    peek: () => state.peek().yaml || shipped(state.peek().workload),
    set: (text) => change({ yaml: text === shipped(state.peek().workload) ? '' : text }),
  };
  const lab: Lab = { data, state, comparison, change, part, yaml };
  // First, so that a change reaches the workers before the page is brought up to date.
  runWhatIsChosen(lab);
  keepAddress(lab, build(lab));
}

/** The state, without names that this page does not have. */
function known(state: LabState, { workloads, systems }: LabData): LabState {
  const isWorkload = workloads.some(({ name }) => name === state.workload);
  const isSystem = systems.some(({ name }) => name === state.system);
  return {
    ...state,
    workload: isWorkload ? state.workload : 'bimodal',
    system: isSystem ? state.system : '',
  };
}

function runWhatIsChosen({ data, state, comparison, yaml }: Lab): void {
  let last = '';
  effect(() => {
    const now = state.get();
    const key = runKey(now);
    if (key === last) return;
    last = key;
    const { policies, load, workers, seed, requests, workload, system } = now;
    const erased = usesMine(now) ? eraseTypes(now.code || data.template) : undefined;
    if (erased && erased.faults.length > 0) {
      comparison.isFresh.set(false);
      comparison.failure.set({ message: erased.faults[0]!.message, isInput: true });
      return;
    }
    const run: LabRun = {
      workload: { name: workload, text: yaml.get() },
      policies,
      system: data.systems.find(({ name }) => name === system),
      load,
      workers,
      seed,
      requests,
      code: erased?.code ?? '',
    };
    comparison.show(run);
  });
}

/** Keeps the address of what is shown, and shows what an address says. */
function keepAddress({ data, state }: Lab, timelines: TimelineView): void {
  let own = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    own = fragmentOf(state.get());
    clearTimeout(timer);
    // Browsers refuse pages that change their address a hundred times in a while.
    timer = setTimeout(() => history.replaceState(null, '', `#${own}`), 150);
  });
  addEventListener('hashchange', () => {
    if (location.hash.slice(1) === own) return;
    state.set(known(stateOf(location.hash), data));
    timelines.showWanted();
  });
}

function build(lab: Lab): TimelineView {
  const { state, comparison } = lab;
  const recordings = signal<readonly Recording[]>([]);
  effect(() => recordings.set(comparison.recorded.get()?.map(({ recording }) => recording) ?? []));
  const labels = () => comparison.run.get()?.policies ?? state.get().policies;
  const wanted = () => {
    const { fromNs, forNs } = state.peek();
    return forNs > 0 ? { fromNs, toNs: fromNs + forNs } : undefined;
  };
  const timelines = timelineView(recordings, () => comparison.run.peek()?.policies ?? state.peek().policies, wanted);
  followWindow(lab, timelines);
  const width = signal(500);
  const charts = make('section', { 'aria-label': 'Curves' }, make('h2', {}, 'Curves'));
  charts.append(curves(comparison, labels, width));
  new ResizeObserver(() =>
    width.set(Math.min(480, (charts.clientWidth - 50) / (charts.clientWidth > 640 ? 2 : 1))),
  ).observe(charts);
  document
    .getElementById('page')!
    .replaceChildren(
      head(lab),
      tourPanel(lab, timelines),
      make(
        'div',
        { class: 'bench' },
        controlsPanel(lab),
        make(
          'div',
          { class: 'view' },
          make('section', { 'aria-label': 'Timelines' }, problemLine(lab), jumpButtons(lab, timelines), timelines.node),
          make('section', { 'aria-label': 'Numbers' }, make('h2', {}, 'Numbers'), numbersTable(comparison, labels)),
          charts,
          editorPanel(lab),
          sharePanel(lab, timelines),
        ),
      ),
    );
  return timelines;
}

function head({ data }: Lab): HTMLElement {
  return make(
    'header',
    {},
    make('h1', {}, 'psp laboratory'),
    make(
      'p',
      { class: 'note' },
      `Two scheduling policies on the same requests. psp ${data.version}; nothing is sent anywhere.`,
    ),
  );
}

/** What follows the window only once it rests: the address, and what a screen reader says of the timelines. */
function followWindow({ state, change, comparison }: Lab, { canvas, view }: TimelineView): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const follow = () => {
    const { fromNs, toNs } = view.peek();
    const run = comparison.run.peek();
    const ms = (ns: number) => `${(ns / 1e6).toFixed(3)} ms`;
    canvas.setAttribute(
      'aria-label',
      `Timelines of ${run?.policies.join(' and ') ?? 'nothing yet'} on ${run?.workers ?? 0} workers, ` +
        `${ms(fromNs)} to ${ms(toNs)}. Arrow keys move, plus and minus zoom, space plays, full stop steps.`,
    );
    const [from, length] = [Math.round(fromNs), Math.round(toNs - fromNs)];
    const isKept = from === state.peek().fromNs && length === state.peek().forNs;
    // Nobody has chosen a moment of a first look.
    if (!isKept && comparison.isFresh.peek() && !comparison.isFirstLook.peek()) change({ fromNs: from, forNs: length });
  };
  effect(() => {
    view.get();
    comparison.run.get();
    comparison.isFirstLook.get();
    clearTimeout(timer);
    timer = setTimeout(follow, REST_MS);
  });
}

function problemLine({ comparison, state }: Lab): HTMLElement {
  const line = make('p', { class: 'problem', role: 'alert', id: 'problem' });
  effect(() => {
    const failure = comparison.failure.get();
    const name = failure?.index === undefined ? '' : `${state.peek().policies[failure.index]}: `;
    line.textContent = failure ? `${name}${failure.message}` : '';
    line.hidden = !failure;
  });
  return line;
}

function jumpButtons({ comparison }: Lab, timelines: TimelineView): HTMLElement {
  const node = make('div', { class: 'bar', role: 'group', 'aria-label': 'Worst waits' });
  let shown = '';
  effect(() => {
    const recorded = comparison.recorded.get();
    const policies = comparison.run.peek()?.policies ?? [];
    const types = recorded?.[0].recording.typeNames.slice(0, 4) ?? [];
    const next = JSON.stringify([types, policies]);
    if (next === shown) return;
    shown = next;
    node.replaceChildren(
      make('span', { class: 'note' }, 'Jump to the worst'),
      ...types.flatMap((type) =>
        policies.map((policy, index) =>
          make(
            'button',
            { type: 'button', id: `worst-${type}-${index}`, click: () => timelines.jumpToWorst(index, type) },
            `${type} wait under ${policy}`,
          ),
        ),
      ),
    );
  });
  return node;
}
