/** Names and texts that people write. They are data: whatever can be shown may stand in them. */

/** Controls, lone surrogates, and what breaks lines or turns the direction of text: never for a terminal or an SVG. */
const HIDDEN = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\ufffe\uffff]/u;
const EACH_HIDDEN = new RegExp(HIDDEN, 'gu');

/** Length of the longest name, in characters: as long as the name of a file can be. */
const LONGEST = 255;

/** What {@link isName} asks for, in words. */
export const NAME_EXPECTED = `a name of 1 to ${LONGEST} characters, without control characters or spaces around it`;

/** Can the text be the name of a type, a workload or a system? */
export function isName(text: string): boolean {
  return text !== '' && text.trim() === text && text.length <= LONGEST && !HIDDEN.test(text);
}

/** Does the text have a character that must not be shown? Line ends and tabs count, too. */
export function hasHidden(text: string): boolean {
  return HIDDEN.test(text);
}

/** The text with its hidden characters written out: `\u{1b}`. */
export function visible(text: string): string {
  return text.replace(EACH_HIDDEN, (hidden) => `\\u{${hidden.codePointAt(0)!.toString(16)}}`);
}

const ESCAPE = '\u001b';
/** An escape sequence that only changes how text looks, or one hidden character. */
const CODE_OR_HIDDEN = new RegExp(`${ESCAPE}\\[\\d*m|${HIDDEN.source}`, 'gu');
const NO_CODES: ReadonlySet<string> = new Set();

/** As {@link visible}, for a whole text: lines stay lines, and the escape sequences in `kept` stay what they are. */
export function visibleLines(text: string, kept = NO_CODES): string {
  return text.replace(CODE_OR_HIDDEN, (found) => (found === '\n' || kept.has(found) ? found : visible(found)));
}

/** The value of a key that a person wrote; undefined for names that every object inherits, such as `constructor`. */
export function lookUp<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
