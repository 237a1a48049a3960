/** What the code of a policy is known by. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChosenPolicy } from '../scheduler/policy-registry.js';
import { BUNDLE, bundler, PARTS, sha256 } from './bundle-policy.js';

/** In dist/, written by the build. */
export const HASHES_FILE = 'policy-hashes.json';

type Hashes = Readonly<Record<string, string>>;
let known: Hashes | undefined;

/**
 * The hashes of the sources of psp's own policies by their names, each with all that it imports, and of
 * {@link PARTS}.
 *
 * @param folder src/scheduler
 */
export function hashSources(folder: string): Hashes {
  const files = readdirSync(join(folder, 'policies')).filter((name) => name.endsWith('.ts'));
  const { outputFiles } = bundler().buildSync({
    ...BUNDLE,
    entryPoints: [...files.map((name) => `policies/${name}`), 'policy-parts.ts'],
    absWorkingDir: folder,
    outdir: join(folder, 'out'),
    outbase: folder,
  });
  const hashOf = new Map(outputFiles.map(({ path, text }) => [basename(path, '.js'), sha256(text)]));
  const named = files.flatMap((file) => {
    const text = readFileSync(join(folder, 'policies', file), 'utf8');
    return [...text.matchAll(/^ +name: '([a-z0-9-]+)',$/gm)].map(([, name]) => [
      name,
      hashOf.get(basename(file, '.ts'))!,
    ]);
  });
  return Object.fromEntries([...named, [PARTS, hashOf.get('policy-parts')!]]) as Hashes;
}

/** The SHA-256 of a policy's code: of its bundle, or of the sources of one of psp's own. */
export function policyHash({ policy, code }: Pick<ChosenPolicy, 'policy' | 'code'>): string {
  return code?.sha256 ?? ownHash(policy.name);
}

/** What a manifest says of the code of a policy. */
export function policyCodeOf(chosen: Pick<ChosenPolicy, 'policy' | 'code'>) {
  return { sha256: policyHash(chosen), ...(chosen.code && { file: chosen.code.file }) };
}

/** What a policy's decisions depend on: its code and, for one from a file, the parts that psp gives it. */
export function codeIdentity(chosen: Pick<ChosenPolicy, 'policy' | 'code'>): readonly string[] {
  return chosen.code ? [policyHash(chosen), ownHash(PARTS)] : [policyHash(chosen)];
}

function ownHash(name: string): string {
  // A test may run policies that it has made itself.
  return ownHashes()[name] ?? '';
}

/** The hashes of psp's own policies, and of the parts that it gives to others, by their names. */
export function ownHashes(): Hashes {
  known ??= readHashes();
  return known;
}

/** From the sources where they run as they are (tests). */
function readHashes(): Hashes {
  if (import.meta.url.endsWith('.ts')) return hashSources(fileURLToPath(new URL('../scheduler', import.meta.url)));
  return JSON.parse(readFileSync(new URL(`../${HASHES_FILE}`, import.meta.url), 'utf8')) as Hashes;
}
