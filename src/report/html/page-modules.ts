/** The compiled modules of a page, found by following their imports. */

import { readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';

export interface PageModules {
  /** Name of the one that starts the page. */
  readonly entry: string;
  /** Their sources by name, in which they import one another by these names. */
  readonly sources: ReadonlyMap<string, string>;
}

/** As tsc writes them: a line each. */
const IMPORT = /^(import |(?:import|export) [^'"\n]* from )(['"])([^'"\n]+)\2/gm;

/** A page has no files beside it. */
const MAP = /^\/\/# sourceMappingURL=.*\n?/m;

/**
 * @param folder of all the modules: names are paths from there
 * @param entry path of the first one in it
 * @throws Error when a module imports something outside of psp, which a page does not have
 */
export function pageModules(folder: string, entry: string): PageModules {
  const nameOf = (path: string) => `psp/${relative(folder, path).split(sep).join('/')}`;
  const sources = new Map<string, string>();
  const read = (path: string): void => {
    const name = nameOf(path);
    if (sources.has(name)) return;
    const imported: string[] = [];
    const text = readFileSync(path, 'utf8').replace(MAP, '');
    const source = text.replace(IMPORT, (_, words: string, quote: string, from: string) => {
      if (!from.startsWith('.')) throw new Error(`${name} imports ${from}, which a page does not have`);
      const target = resolve(dirname(path), from);
      imported.push(target);
      return `${words}${quote}${nameOf(target)}${quote}`;
    });
    sources.set(name, source);
    imported.forEach(read);
  };
  const first = resolve(folder, entry);
  read(first);
  return { entry: nameOf(first), sources };
}
