// Compiles the native unit tests and the frame fuzzer with g++ (or $CXX), plain or under a sanitizer. Used by
// native.test.ts and by hand: node test/native/build.mjs plain && build/native-tests/plain/tests
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const compiler = process.env.CXX ?? 'g++';

const VARIANTS = {
  plain: ['-O2'],
  asan: [
    '-O0',
    '-g',
    '-fsanitize=address,undefined,float-cast-overflow',
    '-fno-sanitize-recover=undefined',
    '-fno-omit-frame-pointer',
  ],
  tsan: ['-O1', '-g', '-fsanitize=thread'],
};
/** What is compiled together, by name: native/psp_runtime.cpp says why. */
const UNITS = {
  tests: {
    tests: [
      ...['main', 'ring_test', 'frame_test', 'port_test', 'app_test', 'backpressure_test', 'load_test'],
      ...['keep_awake_test', 'allocation_test'],
    ].map((file) => `test/native/${file}.cpp`),
    native: ['native/psp_runtime.cpp'],
  },
  fuzz: { fuzz: ['test/native/frame_fuzz.cpp', 'native/net/frame.cpp'] },
};

function pkgConfig(...args) {
  const done = spawnSync('pkg-config', [...args, 'libdpdk'], { encoding: 'utf8' });
  return done.status === 0 ? done.stdout.trim().split(/\s+/) : undefined;
}

/** The library a variant wants beside the compiler. */
const SANITIZERS = { asan: ['-fsanitize=address,undefined', 'libasan'], tsan: ['-fsanitize=thread', 'libtsan'] };

/** Why the native tests cannot be built here, in a variant; nothing when they can. */
export function missing(variant = 'plain') {
  if (spawnSync(compiler, ['--version']).status !== 0) return `no ${compiler}`;
  if (!pkgConfig('--exists')) return 'no DPDK (libdpdk-dev)';
  const [flag, library] = SANITIZERS[variant] ?? [];
  if (flag === undefined) return undefined;
  const linked = spawnSync(compiler, [flag, '-x', 'c++', '-', '-o', '/dev/null'], { input: 'int main() {}' });
  return linked.status === 0 ? undefined : `no ${library}`;
}

function newest(folder) {
  return Math.max(
    ...readdirSync(folder, { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? newest(join(folder, entry.name)) : statSync(join(folder, entry.name)).mtimeMs,
    ),
  );
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (text) => (said += text));
    child.stderr.on('data', (text) => (said += text));
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')}\n${said}`))));
  });
}

/** Builds a program (`tests` or `fuzz`) in a variant, unless it is newer than its sources; answers its path. */
export async function build(program, variant) {
  const folder = join(root, 'build/native-tests', variant);
  const path = join(folder, program);
  const sourcesChanged = Math.max(newest(join(root, 'native')), newest(join(root, 'test/native')));
  if (existsSync(path) && statSync(path).mtimeMs > sourcesChanged) return path;
  mkdirSync(folder, { recursive: true });
  const flags = [
    '-std=c++20',
    '-Wall',
    '-Wextra',
    '-Wno-volatile',
    '-Wno-missing-field-initializers',
    '-Inative',
    ...VARIANTS[variant],
    ...(program === 'fuzz' ? ['-DPSP_FUZZ_DRIVER'] : []),
    ...pkgConfig('--cflags'),
  ];
  const objects = await Promise.all(
    Object.entries(UNITS[program]).map(async ([unit, sources]) => {
      const together = join(folder, `${program}-${unit}.cpp`);
      writeFileSync(together, sources.map((source) => `#include "${join(root, source)}"\n`).join(''));
      const object = together.replace(/cpp$/, 'o');
      await run(compiler, [...flags, '-c', together, '-o', object]);
      return object;
    }),
  );
  if (program === 'tests') await buildPlugin(folder);
  const libraries = program === 'tests' ? [...pkgConfig('--libs'), '-lrte_net_ring'] : [];
  await run(compiler, [...VARIANTS[variant], ...objects, '-o', path, '-pthread', ...libraries]);
  return path;
}

/** The plug-in of the tests, beside them; `PSP_TEST_PLUGIN` names it to them. */
export const pluginIn = (folder) => join(folder, 'libhash.so');

function buildPlugin(folder) {
  const flags = ['-std=c99', '-O2', '-shared', '-fPIC', '-Inative/include'];
  return run('cc', [...flags, 'native/examples/hash.c', '-o', pluginIn(folder)]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(await build('tests', process.argv[2] ?? 'plain'));
  console.log(await build('fuzz', process.argv[2] ?? 'plain'));
}
