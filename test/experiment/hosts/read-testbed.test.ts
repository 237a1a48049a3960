import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { estimate, realPlanOf } from '../../../src/cli/asked-world.js';
import { readTestbed } from '../../../src/experiment/hosts/read-testbed.js';
import { planSweep } from '../../../src/experiment/sweep/plan-sweep.js';
import { ROOT } from '../../docs/pages.js';
import { folders } from '../sweep/points.js';

const folder = folders();

const SERVER = 'server: { device: { af_packet: eth1 }, address: { ip: 10.0.0.1 }, workers: 2 }\n';
const CLIENT =
  'client: { device: { af_packet: eth1 }, address: { ip: 10.0.0.2 }, server: { ip: 10.0.0.1, port: 6789 } }\n';
const HOSTS = [
  '{ name: s, ssh: node0, role: server, folder: /opt/psp, config: s.yaml }',
  '{ name: c, ssh: node1, role: client, folder: /opt/psp, config: c.yaml }',
];

/** The path of a file of hosts with its configurations beside it. */
function testbedOf({ hosts = HOSTS, server = SERVER, client = CLIENT } = {}): string {
  const own = folder();
  mkdirSync(own);
  writeFileSync(join(own, 's.yaml'), server);
  writeFileSync(join(own, 'c.yaml'), client);
  writeFileSync(join(own, 'hosts.yaml'), `hosts: [${hosts.join(', ')}]\n`);
  return join(own, 'hosts.yaml');
}

describe('a testbed', () => {
  it('has a server and clients with their configurations; the one for CloudLab is complete', () => {
    const { clients, server } = readTestbed(testbedOf());
    expect([server.config.text, clients.map(({ config }) => config.text)]).toEqual([SERVER, [CLIENT]]);
    const cloudlab = readTestbed(join(ROOT, 'configs/cloudlab.yaml'));
    const addresses = cloudlab.clients.map(({ host }) => host.address!.ip);
    expect(addresses).toEqual([11, 12, 13, 14, 15, 16].map((n) => `192.168.10.${n}`));
  });

  it.each([
    [{ hosts: HOSTS.slice(0, 1) }, 'expected at least one client, found none'],
    [{ hosts: [HOSTS[0]!, HOSTS[1]!.replace(', config: c.yaml', '')] }, 'c: expected a config: file'],
    [
      { hosts: [HOSTS[0]!, HOSTS[1]!.replace('c.yaml', 's.yaml')] },
      's.yaml: c: expected a client: section, found none',
    ],
    [{ client: `frame: ix\n${CLIENT}` }, 'c.yaml: c: expected frame psp, as the server has'],
    [{ server: SERVER.replace('10.0.0.1', '10.0.0') }, 's.yaml:1:'],
  ])('%j is refused', (changes, said) => {
    expect(() => readTestbed(testbedOf(changes))).toThrow(said);
  });

  it('makes points of its own, in real time, and says where they run', async () => {
    const hosts = readTestbed(testbedOf());
    const plan = realPlanOf({ hosts })!;
    expect(plan).toMatchObject({ world: 'hw', dilate: 1, repeat: 1 });
    expect(realPlanOf({ hosts, both: true })).toMatchObject({ world: 'both' });
    expect(realPlanOf({ hosts, dilate: 100 }, { world: 'sim' })).toMatchObject({ world: 'hw', dilate: 100 });
    const lists = { workload: ['bimodal'], policies: ['c-fcfs'], load: [0.3], requests: [100] };
    const [there] = await planSweep([{ lists }], undefined, plan);
    const { hosts: _, ...onThisMachine } = plan;
    const [here] = await planSweep([{ lists }], undefined, onThisMachine);
    expect(there!.key).not.toBe(here!.key);
    const words = '--workload bimodal --policy c-fcfs --load 0.3 --requests 100 --warmup 0.1 --dilate 1 --out point';
    expect(there!.command).toBe(`psp sweep --hosts ${hosts.file} ${words}`);
    expect(estimate([there!], hosts)).toContain(`1 point on the hosts of ${hosts.file}, `);
    // Another configuration makes other points; another name for ssh does not.
    const digestOf = (changes: Parameters<typeof testbedOf>[0]) => readTestbed(testbedOf(changes)).digest;
    expect(digestOf({ server: SERVER.replace('workers: 2', 'workers: 3') })).not.toBe(hosts.digest);
    expect(digestOf({ hosts: HOSTS.map((host) => host.replace('node', 'me@node')) })).toBe(hosts.digest);
  });
});
