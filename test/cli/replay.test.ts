import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crc32 } from '../../src/events/codec.js';
import { psp, QUICK, scratchFolder } from './psp.js';

const folder = scratchFolder();
const file = join(folder, 'run.events');

test('a simulated run is recorded and replayed', async () => {
  const recorded = await psp(['sim', ...QUICK, '--policy', 'darc', '--record', file]);
  expect(recorded).toMatchObject({ code: 0, err: '' });
  const replayed = await psp(['replay', file]);
  expect(replayed).toMatchObject({ code: 0, err: '' });
  expect(replayed.out).toMatch(/^darc on bimodal, 14 workers, simulated: .*\n20 000 decisions, 0 differences$/);

  // The file of another policy with the same parameters: same events, other decisions.
  const po2 = join(folder, 'po2.events');
  await psp(['sim', ...QUICK, '--policy', 'po2', '--record', po2]);
  const bytes = readFileSync(po2);
  bytes.write('"policy":"edf"', bytes.indexOf('"policy":"po2"'));
  // The checksum of the header, which is as long as bytes 12 to 15 say.
  bytes.writeUInt32LE(crc32(bytes.subarray(20, 20 + bytes.readUInt32LE(12))), 16);
  writeFileSync(join(folder, 'other.events'), bytes);
  // The file has the hash of po2's code, which replay refuses unless it is told to go on.
  expect(await psp(['replay', join(folder, 'other.events')])).toMatchObject({ code: 2 });
  const other = await psp(['replay', join(folder, 'other.events'), '--json', '--anyway']);
  expect(other.code).toBe(1);
  expect(JSON.parse(other.out)).toMatchObject({
    policy: 'edf',
    difference: { replayed: expect.stringMatching(/^start/) },
  });

  for (const [name, magic] of [
    ['t.png', '\x89PNG'],
    ['t.pdf', '%PDF'],
  ] as const) {
    const args = ['replay', file, '--timeline', name, '--from', '1ms', '--for', '200us'];
    expect(await psp(args, { cwd: folder })).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(join(folder, name)).toString('latin1', 0, 4)).toBe(magic);
  }

  writeFileSync(join(folder, 'cut.events'), readFileSync(file).subarray(0, -5));
  const cut = await psp(['replay', join(folder, 'cut.events')]);
  expect(cut.code).toBe(2);
  expect(cut.out).toContain('20 000 decisions, 0 differences');
  expect(cut.err).toMatch(/^psp: .*cut\.events: offset \d+: the file ends in the middle of the section/);
});

test('one run to a file', async () => {
  expect(await psp(['sim', ...QUICK, '--policy', 'darc,ts', '--record', file])).toMatchObject({
    code: 2,
    err: 'psp: record: an event file holds one run: expected one policy and no replications, found darc, ts',
  });
});
