// The Debian packages for the hardware backend and its tests, sweeps on Redis, report pages and benchmarks. `npm test`
// installs them where it can, and names them where it cannot.
import { spawnSync } from 'node:child_process';
import { step } from './setup.mjs';

const PACKAGES = [
  'libdpdk-dev',
  'librocksdb-dev',
  'pkg-config',
  'g++',
  'make',
  'python3',
  'python3-simpy3',
  'iproute2',
  // Hosts of a testbed, each with an sshd of its own.
  'openssh-server',
  'procps',
  'redis-server',
  'chromium',
  // memcaslap, a client of memcached that speaks UDP.
  'libmemcached-tools',
  // Access logs of the real programs, for psp import.
  'nginx-light',
  'haproxy',
];
/** For the plug-in in Rust, unless there is a compiler that is not Debian's. */
const RUST = spawnSync('rustc', ['--version']).status === 0 ? [] : ['rustc'];
const ENVIRONMENT = { DEBIAN_FRONTEND: 'noninteractive' };
const APT_OPTIONS = ['-y', '-qq', '-o', 'DPkg::Lock::Timeout=60'];

/** Installs what is missing. Without root or apt it says so; the tests that need it then say SKIPPED. */
export async function installNativePackages() {
  const missing = [...PACKAGES, ...RUST].filter((name) => !installed(name));
  if (missing.length === 0) return;
  const list = missing.join(' ');
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).error) {
    console.warn(
      `psp: tests of the hardware backend, of sweeps on Redis and of report pages may be SKIPPED: install ${list}`,
    );
    return;
  }
  Object.assign(process.env, ENVIRONMENT);
  await step('updating the list of Debian packages', 'apt-get', ['update', '-qq']);
  const well = await step(`installing ${list}`, 'apt-get', ['install', ...APT_OPTIONS, ...missing]);
  if (!well) console.warn('psp: tests of the hardware backend, of sweeps on Redis and of report pages will be SKIPPED');
}

function installed(name) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own syntax
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
  return stdout?.includes('install ok installed') ?? false;
}
