import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeRunFolder, removeRunFolder } from '../../../src/hw/native/run-folder.js';
import { EnvironmentError } from '../../../src/units/errors.js';
import { scratchFolder } from '../../cli/psp.js';

const scratch = scratchFolder();

function folder(name: string): string {
  const path = join(scratch, name);
  mkdirSync(path);
  return path;
}

describe('the folder of a run', () => {
  it.each(['a,b', 'a=b', 'a[b', 'x'.repeat(60)])('is not made in %s, which DPDK or the kernel would refuse', (name) => {
    const odd = folder(name);
    const good = folder(`beside ${name.charCodeAt(1)}-${name.length} #'"é`);
    const made = makeRunFolder([odd, join(scratch, 'missing'), good]);
    expect(made.startsWith(good)).toBe(true);
    removeRunFolder(made);
    expect([...readdirSync(odd), ...readdirSync(good)]).toEqual([]);
  });

  it('is refused in one line when no place will do', () => {
    const file = join(scratch, 'file');
    writeFileSync(file, '');
    const refused = () => makeRunFolder([join(scratch, 'nowhere'), file]);
    expect(refused).toThrow(EnvironmentError);
    expect(refused).toThrow(/^no folder for temporary files: .*nowhere \(ENOENT\), .*file \((EACCES|not a folder)\)$/);
  });

  it('is made elsewhere when its place takes no more folders', () => {
    const good = folder('good');
    // It looks writable to root, and takes nothing, as a full disk does.
    const made = makeRunFolder(['/proc', good]);
    expect(made.startsWith(good)).toBe(true);
    removeRunFolder(made);
  });

  it('of a process that was killed is removed by the next, and nothing else is', async () => {
    const place = folder('leftovers');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0];
    const start = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[19];
    const name = (owner: string) => join(place, `psp-run-${owner}-AbCd12`);
    const alive = name(`${namespace}-${child.pid}-${start}`);
    const reused = name(`${namespace}-${child.pid}-${Number(start) - 1}`);
    const elsewhere = name(`1${namespace}-${child.pid}-1`);
    const foreign = join(place, 'psp-run-notes');
    for (const path of [alive, reused, elsewhere, foreign]) mkdirSync(join(path, 'dpdk'), { recursive: true });
    removeRunFolder(makeRunFolder([place]));
    expect([alive, reused, elsewhere, foreign].map((path) => existsSync(path))).toEqual([true, false, true, true]);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    removeRunFolder(makeRunFolder([place]));
    expect([alive, elsewhere, foreign].map((path) => existsSync(path))).toEqual([false, true, true]);
  });
});
