/** The editor of a policy: CodeMirror 6 with what a policy needs and no more. */

import { autocompletion, type CompletionContext } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { make } from '../../report/page/dom.js';
import * as parts from '../../scheduler/policy-parts.js';
import type { LabFailure } from '../lab-tasks.js';
import { HINTS } from '../policy-hints.js';
import { effect } from '../signals.js';
import type { CodeFault } from './erase-types.js';

export interface EditorOptions {
  readonly text: string;
  readonly onChange: (text: string) => void;
  /** What is wrong with the text: asked again when it changes. */
  readonly faults: () => readonly CodeFault[];
  readonly failure: () => LabFailure | undefined;
  /** What to say when nothing is wrong. */
  readonly fine: () => string;
}

/** Of the colours of the page, so that they are legible on dark and on light. */
const HIGHLIGHT = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--accent)' },
  { tag: [tags.comment], color: 'var(--soft)', fontStyle: 'italic' },
  { tag: [tags.string, tags.number, tags.bool], color: 'var(--string)' },
  { tag: [tags.typeName, tags.className], color: 'var(--type)' },
]);

export function policyEditor({ text, onChange, faults, failure, fine }: EditorOptions): HTMLElement {
  const says = make('p', { class: 'says', role: 'status', id: 'editor-says' });
  const holder = make('div', { class: 'editor' });
  const view = new EditorView({
    parent: holder,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        javascript({ typescript: true }),
        syntaxHighlighting(HIGHLIGHT),
        autocompletion({ override: [complete] }),
        keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ 'aria-label': 'Policy, in TypeScript. Escape, then Tab leaves the editor.' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  effect(() => {
    const found = faults();
    const failed = found.length > 0 ? undefined : failure();
    const { doc } = view.state;
    const inside = (at: number) => Math.max(0, Math.min(doc.length, at));
    const diagnostics: Diagnostic[] = found.map(({ from, to, message }) => ({
      from: inside(from),
      to: inside(to),
      severity: 'error',
      message,
    }));
    if (failed?.line !== undefined && failed.line >= 1 && failed.line <= doc.lines) {
      const { from, to } = doc.line(failed.line);
      diagnostics.push({ from, to, severity: 'error', message: failed.message });
    }
    view.dispatch(setDiagnostics(view.state, diagnostics));
    const first = diagnostics[0];
    const place = first ? `line ${doc.lineAt(first.from).number}: ` : '';
    const wrong = first?.message ?? failed?.message;
    says.textContent = wrong === undefined ? fine() : `${place}${wrong}`;
    says.classList.toggle('problem', wrong !== undefined);
  });
  return make('div', {}, holder, says);
}

/** Names of `psp/policy`, and what a scheduler, its setup and its world have. */
function complete(context: CompletionContext) {
  const word = context.matchBefore(/[\w.]*$/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  const owner = /(\w+)\.\w*$/.exec(word.text)?.[1];
  const from = owner === undefined ? word.from : word.from + word.text.lastIndexOf('.') + 1;
  const members = owner === undefined ? undefined : HINTS.get(owner);
  if (owner !== undefined && !members) return null;
  const options = members ?? [
    ...Object.keys(parts).map((label) => ({ label, detail: 'psp/policy' })),
    ...(HINTS.get('scheduler') ?? []),
  ];
  return { from, options: options.map((option) => ({ ...option, type: 'property' })) };
}
