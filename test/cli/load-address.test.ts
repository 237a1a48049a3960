import { describe, expect, it } from 'vitest';
import { addressOf } from '../../src/cli/commands/load.js';

const CONFIGURED = { mac: '42:42:42:42:42:01', ip: '192.168.10.10', port: 7000 };

describe('psp load --to', () => {
  it('keeps what the configuration has for that server, and no MAC of another', () => {
    expect(addressOf('192.168.10.10', CONFIGURED)).toEqual(CONFIGURED);
    expect(addressOf('192.168.10.10:34074', CONFIGURED)).toEqual({ ...CONFIGURED, port: 34074 });
    expect(addressOf('192.168.10.11', CONFIGURED)).toEqual({ ip: '192.168.10.11', port: 6789 });
  });

  it.each(['192.168.10', '192.168.10.10:0', '192.168.10.10:65536', '192.168.10.256'])('refuses %s', (text) => {
    expect(() => addressOf(text, CONFIGURED)).toThrow(`found '${text}'`);
  });
});
