import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONSTANTS } from '../../src/sim/costs.js';
import { parseSystem, policyOf } from '../../src/sim/parse-system.js';
import { blocks, pages } from '../docs/pages.js';

const folder = new URL('../../configs/systems/', import.meta.url);

describe.each(readdirSync(folder))('configs/systems/%s', (file) => {
  const system = parseSystem(readFileSync(new URL(file, folder), 'utf8'), file);

  it('is named as its file, and says what it is', () => {
    expect(`${system.name}.yaml`).toBe(file);
    expect(system.description).not.toBe('');
  });

  it('has a source for every constant', () => {
    expect(system.constants.length).toBeGreaterThan(0);
    expect(system.constants.filter(({ source = '' }) => !/\w{3}/.test(source))).toEqual([]);
  });
});

it('the systems in the pages are read', () => {
  const found = blocks('yaml system');
  expect(found.length).toBeGreaterThan(0);
  for (const { at, text } of found) expect(parseSystem(text, at).constants.length).toBeGreaterThan(0);
});

it('docs/systems.md names every constant', () => {
  const { text } = pages.find(({ path }) => path === 'docs/systems.md')!;
  const names = CONSTANTS.map(({ section, key }) => (key === 'wire' ? '**wire**' : `\`${section}.${key}\``));
  expect(names.filter((name) => !text.includes(name))).toEqual([]);
});

describe('a system file', () => {
  it('is read with what is known of its constants', () => {
    const system = parseSystem(
      `name: mine
policy: c-fcfs
workloads: { tpcc: 'ts:quantum=10us' }
delays:
  wire: 1.5us
  handoff: { time: 140ns, source: "psp calibrate", ci95: [138ns, 143ns], sd: 21ns, samples: 500 }
worker: { steal: 0ns }
dispatcher: { dispatch: { time: 90.4ns, policies: { darc: 110.6ns } } }
measured:
  machine: some machine
  date: 2024-05-17
  parts: { wire.reply: { time: 80.5ns, ci95: [77ns, 83.5ns], source: the way back } }
  work: { hop: 37.6ns }
`,
      'mine.yaml',
    );
    expect(system).toMatchObject({
      title: 'mine',
      measured: {
        machine: 'some machine',
        date: '2024-05-17',
        parts: { 'wire.reply': { ns: 80.5, ci95Ns: [77, 83.5], source: 'the way back' } },
        work: { hop: { ns: 37.6 } },
      },
    });
    expect(system.costs).toMatchObject({
      wireNs: 1500,
      handoffNs: 140,
      noticeNs: 0,
      dispatchNs: 90,
      dispatchNsUnder: { darc: 111 },
      stealNs: 0,
      preemptedNs: undefined,
    });
    expect(system.constants[1]).toMatchObject({
      ns: 140,
      source: 'psp calibrate',
      ci95Ns: [138, 143],
      sdNs: 21,
      samples: 500,
    });
    expect([policyOf(system, 'tpcc'), policyOf(system, 'bimodal')]).toEqual(['ts:quantum=10us', 'c-fcfs']);
    // A workload named like something every object has.
    expect(policyOf(system, 'toString')).toBe('c-fcfs');
  });

  it('says how a constant varies', () => {
    const text =
      'name: x\npolicy: c-fcfs\ndelays: { wire: { time: 2us, quantiles: [[0, 1us], [1, 5us]] }, handoff: 3us }';
    const { costs } = parseSystem(text, 'x.yaml');
    expect(costs.spread).toEqual({
      wireNs: [
        [0, 1000],
        [1, 5000],
      ],
    });
    expect([costs.wireNs, costs.handoffNs]).toEqual([2000, 3000]);
  });

  it.each([
    ['policy: c-fcfs', '1:1: name: expected a name'],
    ['name: x\npolicy: c-fcfz', "2:9: policy: unknown policy 'c-fcfz'"],
    ['name: x\npolicy: c-fcfs\nworkloads: { tpcc: ts:quantum }', '3:20: tpcc: ts: quantum: expected a value'],
    ['name: x\npolicy: c-fcfs\ndelays: { wire: 5 }', '3:17: wire: expected a duration with its unit'],
    [
      'name: x\npolicy: c-fcfs\ndelays: { wier: 5us }',
      '3:11: wier: expected one of wire, handoff, again, notice, signal, allocate, wake, ' +
        "found 'wier' (did you mean 'wire'?)",
    ],
    ['name: x\npolicy: c-fcfs\nworker: 5us', '3:9: worker: expected a map with one of receive'],
    [
      'name: x\npolicy: c-fcfs\nworker: { steal: { source: us } }',
      '3:18: time: expected a duration with its unit, such as 1us or 0.5 ms, found nothing',
    ],
    [
      'name: x\npolicy: c-fcfs\nworker: { steal: { time: 1us, ci95: [2us, 1us] } }',
      '3:37: ci95: expected from and to in this order',
    ],
    [
      'name: x\npolicy: c-fcfs\nworker: { steal: { time: 1us, quantiles: [[0, 1us], [1, 2us]] } }',
      '3:42: quantiles: expected no quantiles: only delays.wire, delays.handoff, delays.again, worker.switch may vary',
    ],
    [
      'name: x\npolicy: c-fcfs\ndelays: { wire: { time: 1us, quantiles: [[0, 1us], [0.5, 2us]] } }',
      '3:41: quantiles: expected the probability 1 (the maximum) last, found 0.5',
    ],
    [
      'name: x\npolicy: c-fcfs\ndelays: { wire: { time: 1us, quantiles: 5us } }',
      '3:41: quantiles: expected a list of pairs [probability, duration]',
    ],
    [
      'name: x\npolicy: c-fcfs\nworkers: 5',
      '3:1: workers: expected one of name, title, description, policy, workloads, queues, measured, delays, ' +
        "dispatcher, worker, found 'workers' (did you mean 'worker'?)",
    ],
    [
      'name: x\npolicy: c-fcfs\ndispatcher: { receive: { time: 1us, policies: { darc: 2us } } }',
      '3:47: policies: expected no policies: only dispatcher.dispatch has them',
    ],
    [
      'name: x\npolicy: c-fcfs\ndispatcher: { dispatch: { time: 1us, policies: { drac: 2us } } }',
      "3:50: drac: unknown policy 'drac': did you mean 'darc'?",
    ],
    [
      'name: x\npolicy: c-fcfs\nmeasured: { work: [5us] }',
      '3:19: work: expected a map from what was measured to its time, found',
    ],
    [
      'name: x\npolicy: jbsq\ndispatcher: { switch: 1us }\ndelays: { wake: 1us }',
      '4:17: wake: expected worker.park beside it, found none',
    ],
    ['name: x\npolicy: c-fcfs\nmeasured: { parts: { reply: 5 } }', '3:29: reply: expected a duration with its unit'],
  ])('with a mistake is refused: %#', (text, complaint) => {
    expect(() => parseSystem(text, 'x.yaml')).toThrow(`x.yaml:${complaint}`);
  });
});
