/** Lists as people type them: `a,b`. A name with a separator or a quote is quoted as in CSV files: `"GET, big"`. */

/**
 * The parts between separators outside of quotes, without spaces around them. Their quotes stay: see {@link unquoted}.
 *
 * @param separator one character
 * @throws Error when a quote is not closed
 */
export function splitList(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') isQuoted = !isQuoted;
    else if (text[i] === separator && !isQuoted) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  if (isQuoted) throw new Error(`expected a second " after the last one, found none in '${text}'`);
  parts.push(text.slice(start).trim());
  return parts;
}

/** The name that a part of a list stands for. */
export function unquoted(part: string): string {
  return /^"(?:[^"]|"")*"$/.test(part) ? part.slice(1, -1).replaceAll('""', '"') : part;
}

/** As {@link unquoted}, where a shell takes the double quotes: `'GET /item/:id'` is a name in quotes, too. */
export function typedName(part: string): string {
  return /^'(?:[^']|'')+'$/.test(part) ? part.slice(1, -1).replaceAll("''", "'") : unquoted(part);
}

/**
 * The name as a part of a list.
 *
 * @param separators characters at which the list is split
 */
export function quoted(name: string, separators = ','): string {
  const isPlain = name !== '' && name.trim() === name && ![...`"${separators}`].some((each) => name.includes(each));
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The word as a shell takes it for one. */
export function inShell(word: string): string {
  return /^[\w./:=,%+@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
