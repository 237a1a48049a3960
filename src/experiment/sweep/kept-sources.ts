/**
 * The copies of files in the folder of a sweep: `sources/ID/`, with a list of them and their digests beside it,
 * `sources/ID.json`. The folder may come from anyone, so what is read from it is checked.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { reasonOf } from '../../files/cannot-read.js';
import { writeFolder, writeInFolder } from '../../files/output-file.js';
import { readAs } from '../../results/result-schema.js';
import { idOf, MOST_KEPT_BYTES, SOURCES, type SourceFile, type SourceSet, sha256Of } from './sources.js';

/** The sets of a folder. */
export interface KeptSources {
  /** Those with every file as it was kept. */
  readonly sets: readonly SourceSet[];
  /** One line for each file or list that is not as it was kept. */
  readonly wrong: readonly string[];
}

/** A path that stays in its folder. */
export const innerPath = z
  .string()
  .max(4096)
  .refine(
    (path) =>
      path !== '' && !/^[a-z]:|[\\\p{Cc}]/iu.test(path) && !path.split('/').some((part) => /^\.{0,2}$/.test(part)),
    'expected a path without .. and control characters',
  );

const listSchema = z.strictObject({
  files: z.array(
    z.strictObject({
      path: innerPath,
      bytes: z.int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      kept: z.boolean(),
    }),
  ),
});
type Listed = z.infer<typeof listSchema>['files'][number];

/** Writes a set, unless the folder has it. @throws EnvironmentError when it cannot be written */
export function keepSources(folder: string, { id, files }: SourceSet): void {
  const at = join(folder, SOURCES, id);
  if (existsSync(`${at}.json`)) return;
  writeFolder(at, new Map(files.flatMap(({ path, content }) => (content ? [[path, content] as const] : []))));
  const listed = files.map(({ content, ...file }) => ({ ...file, kept: content !== undefined }));
  writeInFolder(`${at}.json`, `${JSON.stringify({ files: listed }, null, 1)}\n`);
}

/** Reads all sets of a folder, and checks every file. None in a folder of an older version. */
export function readSources(folder: string): KeptSources {
  const sets: SourceSet[] = [];
  const wrong: string[] = [];
  const names = existsSync(join(folder, SOURCES)) ? readdirSync(join(folder, SOURCES)) : [];
  for (const name of names.filter((each) => /^[0-9a-f]{12}\.json$/.test(each))) {
    const at = join(folder, SOURCES, name.slice(0, -'.json'.length));
    const files: SourceFile[] = [];
    try {
      const read = readAs(listSchema, JSON.parse(bytesOf(`${at}.json`).toString('utf8')));
      if ('wrong' in read) throw new Error(read.wrong);
      for (const listed of read.value.files) {
        const found = readKept(at, listed);
        if (typeof found === 'string') wrong.push(`${join(at, listed.path)}: ${found}`);
        else files.push(found);
      }
      if (files.length < read.value.files.length) continue;
      const id = idOf(files);
      if (!name.startsWith(id)) throw new Error(`expected the digest of its name, found ${id}`);
      sets.push({ id, files });
    } catch (error) {
      wrong.push(`${at}.json: ${reasonOf(error)}`);
    }
  }
  return { sets, wrong };
}

/** A file of a set, or what is wrong with it. */
function readKept(at: string, { path, kept, ...rest }: Listed): SourceFile | string {
  if (!kept) return { path, ...rest };
  try {
    const content = bytesOf(join(at, path));
    const found = sha256Of(content);
    return found === rest.sha256 ? { path, ...rest, content } : `expected SHA-256 ${rest.sha256}, found ${found}`;
  } catch (error) {
    return reasonOf(error);
  }
}

/** A device is not opened: it may never end. */
function bytesOf(path: string): Buffer {
  const { size } = statSync(path);
  if (!statSync(path).isFile() || size > MOST_KEPT_BYTES * 2) throw new Error('expected a file that psp has written');
  return readFileSync(path);
}
