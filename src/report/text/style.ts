/** How text is made to stand out. The caller knows whether it goes to a terminal. */
export interface Style {
  heading(text: string): string;
  /** The best of several. */
  best(text: string): string;
  /** Of secondary interest. */
  faint(text: string): string;
}

/** How a text for people is shown. */
export interface Look {
  /** Default: plain text. */
  readonly style?: Style;
  /** Columns that a line may have; default: 80. */
  readonly width?: number;
}

/** Columns of a line where no terminal says otherwise. */
export const WIDTH = 80;

export const PLAIN: Style = { heading: (text) => text, best: (text) => text, faint: (text) => text };

const ansi = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;

export const COLOUR: Style = { heading: ansi(1, 22), best: ansi(32, 39), faint: ansi(2, 22) };

/** What a style puts around a text: all that a terminal is to act on. */
export function codesOf({ heading, best, faint }: Style): ReadonlySet<string> {
  return new Set([heading, best, faint].flatMap((style) => style('|').split('|')));
}
