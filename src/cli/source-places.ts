/** Places in the bundle as places in the sources, for bug reports. */

import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGE_ROOT } from '../experiment/package-info.js';

/**
 * Names the lines of the sources in a stack trace, where the compiled file has a source map beside it. The maps are
 * read only here: Node would read them at every start.
 */
export function withSourcePlaces(stack: string): string {
  return stack.replace(
    /(file:\/\/[^\s()]+?\.js):(\d+):(\d+)/g,
    (place, url: string, line: string, column: string) => sourceOf(url, Number(line), Number(column)) ?? place,
  );
}

/** @returns undefined when there is no map, or it says nothing of the place */
function sourceOf(url: string, line: number, column: number): string | undefined {
  try {
    const file = fileURLToPath(url);
    const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
    const entry = map.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry)) return undefined;
    const source = relative(PACKAGE_ROOT, resolve(dirname(file), entry.originalSource));
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  } catch {
    return undefined;
  }
}
