import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Page {
  /** Relative to the checkout: `docs/add-a-policy.md`. */
  readonly path: string;
  readonly text: string;
}

/** The pages of the root, and all pages of docs/ and docs/decisions/. */
export const pages: readonly Page[] = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...['docs', 'docs/decisions'].flatMap((folder) =>
    readdirSync(ROOT + folder)
      .filter((file) => file.endsWith('.md'))
      .map((file) => `${folder}/${file}`),
  ),
].map((path) => ({ path, text: readFileSync(ROOT + path, 'utf8') }));

export interface Block {
  /** Where it is, for the names of tests: `docs/add-a-policy.md:60`. */
  readonly at: string;
  readonly text: string;
}

/** The fenced blocks whose opening line says exactly this: `yaml workload`. */
export function blocks(info: string, among: readonly Page[] = pages): Block[] {
  return among.flatMap(({ path, text }) =>
    [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)]
      .filter((match) => match[1]!.trim() === info)
      .map((match) => ({ at: `${path}:${text.slice(0, match.index).split('\n').length}`, text: match[2]! })),
  );
}

/** A page without its fenced blocks. */
export function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}
