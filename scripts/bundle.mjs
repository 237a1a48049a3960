// Bundles the command and its threads into dist/bin: a start reads a few files instead of 490 modules.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { ENTRY_POINTS } from '../dist/files/entry-point.js';
import { ROOT } from './setup.mjs';

const OUT = join(ROOT, 'dist/bin');
const SRC = join(ROOT, 'src');

/** Packages that stay outside: few commands need them, and they read files of their own. */
const EXTERNAL = ['bullmq', 'ioredis', 'esbuild', '@resvg/resvg-wasm'];

/**
 * All bundled files lie in dist/bin, whatever folder their sources are in. A module that looks for a file beside itself
 * therefore gets the address of its unbundled form. Only entry-point.ts wants that of the bundle.
 */
const ownAddresses = {
  name: 'own-addresses',
  setup(building) {
    building.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const module = relative(SRC, path).replaceAll('\\', '/').replace(/\.ts$/, '.js');
      const text = readFileSync(path, 'utf8');
      if (module.startsWith('..') || module === 'files/entry-point.js') return { contents: text, loader: 'ts' };
      const address = `new URL(${JSON.stringify(`../${module}`)}, import.meta.url).href`;
      return { contents: text.replaceAll('import.meta.url', address), loader: 'ts' };
    });
  },
};

/**
 * Makes constants again of what esbuild has turned into variables of the module: V8 compiles the value of a constant
 * into the code of a hot loop, but reads a variable each time (a simulation takes a tenth longer). Names that something
 * of the same name is assigned to stay as they are.
 */
function withConstants(code) {
  const assigned = new Set();
  const declared = new Set();
  for (const [, name] of code.matchAll(/(?<![.\w$])([\w$]+)\s*(?:[-+*/%&|^?<>]{0,3}=(?![=>])|\+\+|--)/g)) {
    (declared.has(name) ? assigned : declared).add(name);
  }
  for (const [, name] of code.matchAll(/(?:\+\+|--)([\w$]+)/g)) assigned.add(name);
  return code.replace(/^var (?:([\w$]+) = |(?=[{[]))/gm, (text, name) =>
    assigned.has(name) ? text : text.replace('var', 'const'),
  );
}

/** Writes dist/bin. Throws when esbuild finds an error, which it has printed. */
export async function bundle() {
  rmSync(OUT, { recursive: true, force: true });
  const { outputFiles } = await build({
    write: false,
    entryPoints: Object.fromEntries(ENTRY_POINTS.map((name) => [name.split('/').at(-1), join(SRC, `${name}.ts`)])),
    outdir: OUT,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: EXTERNAL,
    sourcemap: true,
    sourcesContent: false,
    define: { PSP_BUNDLED: 'true' },
    // CommonJS packages ask for Node's modules with require.
    banner: {
      js: "import { createRequire as pspRequire } from 'node:module'; const require = pspRequire(import.meta.url);",
    },
    plugins: [ownAddresses],
    logLevel: 'warning',
  });
  mkdirSync(OUT, { recursive: true });
  for (const { path, text } of outputFiles) writeFileSync(path, path.endsWith('.js') ? withConstants(text) : text);
}
