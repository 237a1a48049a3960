// Bundles the laboratory into dist/lab/lab.html: one file that works from disk, without a network.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { labHtml } from '../dist/lab/lab-html.js';
import { newPolicyFiles } from '../dist/policy-files/new-policy.js';
import { ROOT } from './setup.mjs';

/** The files of a folder by their names without the ending. */
function yamlsIn(folder) {
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.yaml'));
  return names.sort().map((name) => ({
    name: name.replace(/\.yaml$/, ''),
    text: readFileSync(join(ROOT, folder, name), 'utf8'),
  }));
}

/** Throws when esbuild finds an error, which it has printed. */
export async function bundleLab() {
  const { outputFiles } = await build({
    write: false,
    entryPoints: [join(ROOT, 'src/lab/page/lab-main.ts')],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
  });
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const data = {
    version,
    workloads: yamlsIn('workloads'),
    systems: yamlsIn('configs/systems'),
    template: newPolicyFiles('mine')['mine.ts'],
  };
  mkdirSync(join(ROOT, 'dist/lab'), { recursive: true });
  writeFileSync(join(ROOT, 'dist/lab/lab.html'), labHtml(data, outputFiles[0].text));
}
