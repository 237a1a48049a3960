/** Turns the file of a policy, with all that it imports, into one text: what is run, hashed and sent to threads. */

import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import type { BuildFailure, BuildOptions, PartialMessage } from 'esbuild';
import type { PolicyCode } from '../scheduler/policy-registry.js';
import { InputError } from '../units/errors.js';

/** What a policy imports to be one; it stays psp's own instance. */
export const PARTS = 'psp/policy';
const PACKAGE = 'pkg:';
const MAP_COMMENT = '//# sourceMappingURL=data:application/json;base64,';

/** The same text comes out on every machine. `neutral`: a policy uses nothing of Node. */
export const BUNDLE: BuildOptions & { readonly write: false } = {
  bundle: true,
  write: false,
  format: 'cjs',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  target: 'node20',
  external: [PARTS],
  // Comments and spaces are not part of what a policy does.
  minifyWhitespace: true,
  legalComments: 'none',
  charset: 'utf8',
  tsconfigRaw: { compilerOptions: { target: 'ES2022', useDefineForClassFields: true, alwaysStrict: true } },
  logLevel: 'silent',
};

/** Loaded only here, because most commands need no bundler. */
export function bundler(): typeof import('esbuild') {
  return createRequire(import.meta.url)('esbuild');
}

/**
 * Bundles a `.ts`, `.mts`, `.js` or `.mjs` file, or an installed package.
 *
 * @param file as a person named it: `./keep.ts`, `pkg:name`
 * @throws InputError with the place of the first mistake
 */
export function bundlePolicy(file: string): PolicyCode {
  const { outputFiles } = build(file);
  const [map, code] = outputFiles.map(({ text }) => text) as [string, string];
  return { file, sha256: sha256(code), text: `${code}${MAP_COMMENT}${Buffer.from(map).toString('base64')}\n` };
}

/**
 * The files that a policy's file is bundled from, itself among them, as absolute paths without links.
 *
 * @throws InputError with the place of the first mistake
 */
export function policySources(file: string): string[] {
  const { metafile } = build(file);
  const names = Object.keys(metafile.inputs).filter((name) => name !== '<stdin>');
  return names.map((name) => resolve(dirname(resolve(file)), name));
}

function build(file: string) {
  const isPackage = file.startsWith(PACKAGE);
  const folder = isPackage ? process.cwd() : dirname(resolve(file));
  if (!isPackage && !statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new InputError(`${file}: expected the file of a policy, found none`);
  }
  const entry = JSON.stringify(isPackage ? file.slice(PACKAGE.length) : `./${basename(file)}`);
  try {
    return bundler().buildSync({
      ...BUNDLE,
      metafile: true,
      stdin: {
        contents: `export * from ${entry}; import * as all from ${entry}; export default all.default;`,
        resolveDir: folder,
      },
      absWorkingDir: folder,
      outfile: join(folder, 'policy.cjs'),
      sourcemap: 'external',
    });
  } catch (error) {
    const [first] = (error as BuildFailure).errors ?? [];
    if (!first) throw error;
    throw new InputError(buildMessage(first, file));
  }
}

/** The code of a bundle, without its map. */
export function codeOf({ text }: PolicyCode): string {
  return text.slice(0, mapAt(text));
}

/** Its source map, as JSON. */
export function mapOf({ text }: PolicyCode): string {
  return Buffer.from(text.slice(mapAt(text) + MAP_COMMENT.length), 'base64').toString('utf8');
}

function mapAt(text: string): number {
  const at = text.lastIndexOf(MAP_COMMENT);
  return at < 0 ? text.length : at;
}

/** SHA-256 as hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function buildMessage({ text = '', location }: PartialMessage, file: string): string {
  const wanted = /^Could not resolve "([^"]+)"/.exec(text)?.[1];
  if (location && location.file !== '<stdin>') {
    const place = `${join(dirname(file), location.file ?? '')}:${location.line}:${(location.column ?? 0) + 1}`;
    if (/^Top-level await/.test(text))
      return `${shownAs(place, file)}: a policy is loaded at once: expected no await here`;
    if (wanted === undefined) return `${shownAs(place, file)}: ${text}`;
    const isNodes = builtinModules.includes(wanted.replace(/^node:/, ''));
    const why = isNodes
      ? 'a policy uses nothing of Node'
      : wanted.startsWith('psp/') || wanted === 'psp'
        ? `a policy imports only '${PARTS}' of psp`
        : 'there is no such file or package';
    return `${shownAs(place, file)}: cannot import '${wanted}': ${why}`;
  }
  if (file.startsWith(PACKAGE)) {
    const name = file.slice(PACKAGE.length);
    return `${file}: expected an installed package, found none: npm install ${name}`;
  }
  return `${file}: ${text}`;
}

/** `join` drops the `./` that a person may have written. */
function shownAs(place: string, file: string): string {
  return file.startsWith('./') && !place.startsWith('.') ? `./${place}` : place;
}
