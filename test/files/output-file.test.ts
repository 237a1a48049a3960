import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileIdentity, writeInFolder, writeOutput } from '../../src/files/output-file.js';
import { scratchFolder } from '../cli/psp.js';

const root = scratchFolder();
let made = 0;

function folder(): string {
  const path = join(root, String(made++));
  mkdirSync(path);
  return path;
}

describe('an output file', () => {
  it('is whole or not there, and leaves nothing beside it', () => {
    const here = folder();
    const path = join(here, 'a.json');
    writeOutput(path, 'one');
    writeOutput(path, ['t', 'wo']);
    expect(readFileSync(path, 'utf8')).toBe('two');
    function* breaking() {
      yield 'thr';
      throw new Error('ENOSPC: no space left on device, write');
    }
    expect(() => writeOutput(path, breaking())).toThrow(/a\.json: cannot be written: ENOSPC: no space left on device$/);
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(here)).toEqual(['a.json']);
  });

  it('keeps the permissions of the file that it replaces', () => {
    const path = join(folder(), 'a');
    writeFileSync(path, '');
    chmodSync(path, 0o640);
    writeOutput(path, 'new');
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('is written through a link that a person named, but replaces a link in a results folder', () => {
    const [here, elsewhere] = [folder(), folder()];
    const target = join(elsewhere, 'target');
    writeFileSync(target, 'kept');
    const link = join(here, 'link');
    symlinkSync(target, link);
    writeInFolder(link, 'points');
    expect([readFileSync(target, 'utf8'), readFileSync(link, 'utf8')]).toEqual(['kept', 'points']);
    const named = join(here, 'named');
    symlinkSync(target, named);
    writeOutput(named, 'mine');
    expect([readFileSync(target, 'utf8'), lstatSync(named).isSymbolicLink()]).toEqual(['mine', true]);
    expect(readdirSync(elsewhere)).toEqual(['target']);
  });

  it('may be a device, which stays one', () => {
    writeOutput('/dev/null', 'x');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    expect(existsSync('/dev/null')).toBe(true);
    expect(() => writeOutput('/dev/full', 'x')).toThrow('/dev/full: cannot be written: ENOSPC');
  });

  it('is the same file under any name', () => {
    const here = folder();
    const path = join(here, 'a');
    writeFileSync(path, '');
    symlinkSync(path, join(here, 'symbolic'));
    linkSync(path, join(here, 'hard'));
    symlinkSync(here, join(here, 'around'));
    for (const other of ['symbolic', 'hard', 'around/a', './around/../a']) {
      expect(fileIdentity(join(here, other))).toBe(fileIdentity(path));
    }
    expect(fileIdentity(join(here, 'around/new'))).toBe(fileIdentity(join(here, 'new')));
    expect(fileIdentity(join(here, 'new'))).not.toBe(fileIdentity(path));
    expect(fileIdentity('/dev/null')).toBe(undefined);
  });
});
