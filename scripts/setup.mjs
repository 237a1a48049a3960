// What `npm start` and `npm test` do first: check Node, install packages, build. Nothing here may need a package.
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MAIN = join(ROOT, 'dist/bin/main.js');
const LOWEST_NODE = [20, 12];

/** Ends the process when Node is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor >= LOWEST_NODE[1])) return;
  console.error(`psp: expected Node ${LOWEST_NODE.join('.')} or newer, found ${process.versions.node}`);
  process.exit(3);
}

/** Installs the packages when they are missing or older than the lock file. */
export async function install() {
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  if (modified(installed) >= modified(join(ROOT, 'package-lock.json'))) return;
  // Not `npm ci`: it refuses when the lock file was written on another platform and lacks optional packages of this
  // one. --no-save keeps the lock file as it is. What npm would build (prepare) is built next, and seen.
  const npm = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await stepOrExit('installing packages', 'npm', npm);
  const now = new Date();
  utimesSync(installed, now, now);
}

/** Builds when a source file is newer than what was built. */
export async function build() {
  const configs = ['tsconfig.json', 'tsconfig.page.json', 'tsconfig.lab.json', 'package.json'];
  const inputs = ['src', 'workloads', 'configs/systems', 'scripts/bundle.mjs', 'scripts/bundle-lab.mjs', ...configs];
  if (isUpToDate('dist/bin/main.js', inputs) && isUpToDate('dist/lab/lab.html', inputs)) return;
  await stepOrExit('building', process.execPath, [join(ROOT, 'scripts/build.mjs')]);
}

/** Is a product newer than all its inputs? Paths are relative to the root of the checkout. */
export function isUpToDate(product, inputs) {
  return modified(join(ROOT, product)) >= Math.max(...inputs.map((input) => newestIn(join(ROOT, input))));
}

/** Compiles src/ to dist/ and makes the command executable. Returns the exit code. */
export async function compile() {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const projects = ['tsconfig.json', 'tsconfig.page.json', 'tsconfig.lab.json'];
  const done = await Promise.all(projects.map((project) => run(process.execPath, [tsc, '-p', project], 'inherit')));
  const failed = done.find(({ code }) => code !== 0);
  if (failed) return failed.code;
  // Imported here, because esbuild and dist/ are there only now.
  const { bundle } = await import('./bundle.mjs');
  await bundle();
  const { bundleLab } = await import('./bundle-lab.mjs');
  await bundleLab();
  // The code of a policy is part of what a result is known by.
  const { HASHES_FILE, hashSources } = await import('../dist/policy-files/policy-hashes.js');
  writeFileSync(join(ROOT, 'dist', HASHES_FILE), JSON.stringify(hashSources(join(ROOT, 'src/scheduler')), null, 1));
  copyFont();
  chmodSync(MAIN, 0o755);
  return 0;
}

/** The one face that pictures in PNG are written with; its package has 12 MB of others. */
function copyFont() {
  const [from, to] = [join(ROOT, 'node_modules/dejavu-fonts-ttf'), join(ROOT, 'dist/fonts')];
  mkdirSync(to, { recursive: true });
  copyFileSync(join(from, 'ttf/DejaVuSans.ttf'), join(to, 'DejaVuSans.ttf'));
  copyFileSync(join(from, 'LICENSE'), join(to, 'LICENSE'));
}

/** The step whose line on the terminal has no end yet. */
let openLine;

/**
 * Runs a command with one line about it on stderr, and shows its output only when it fails. Returns whether it
 * succeeded. Steps may run at the same time.
 */
export async function step(label, command, args) {
  const started = Date.now();
  process.stderr.write(`${openLine ? '\n' : ''}psp: ${label} …`);
  openLine = label;
  const { code, output } = await run(command, args, 'pipe');
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const begun = openLine === label ? '' : `${openLine ? '\n' : ''}psp: ${label}:`;
  process.stderr.write(`${begun}${code === 0 ? ` ${seconds} s` : ` failed\n${output}`}\n`);
  openLine = undefined;
  return code === 0;
}

async function stepOrExit(label, command, args) {
  if (!(await step(label, command, args))) process.exit(3);
}

/** Runs a command in the root of the checkout. */
export function run(command, args, stdio = 'inherit') {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: stdio === 'pipe' ? ['ignore', 'pipe', 'pipe'] : stdio });
    let output = '';
    child.stdout?.on('data', (data) => {
      output += data;
    });
    child.stderr?.on('data', (data) => {
      output += data;
    });
    child.on('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}` }));
    child.on('close', (code, signal) => resolve({ code: code ?? (signal === 'SIGINT' ? 130 : 1), output }));
  });
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -1;
}

/** When a file, or anything in a folder, last changed. (Removing a file changes its folder.) */
function newestIn(path) {
  const own = modified(path);
  if (!statSync(path).isDirectory()) return own;
  return Math.max(own, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}
