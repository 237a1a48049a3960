import { describe, expect, it } from 'vitest';
import { describeCase, formatCase, parseCase } from '../../src/check/check-case.js';
import { findViolation, judgeCase } from '../../src/check/find-violation.js';
import { parsePolicy, policies } from '../../src/scheduler/policy-registry.js';
import { repeatLine, runs, SEED } from '../support/runs.js';

/**
 * Settings beyond the defaults that change what a policy does. New policies are tested with their defaults without
 * being listed here.
 */
const variants: Record<string, readonly string[]> = {
  'd-fcfs': ['d-fcfs:steering=round-robin', 'd-fcfs:steering=hash:flows=6', 'd-fcfs:queue=2'],
  'd-fcfs-steal': ['d-fcfs-steal:cost=100ns', 'd-fcfs-steal:steering=hash:flows=3', 'd-fcfs-steal:queue=3'],
  'c-fcfs': ['c-fcfs:queue=3'],
  po2: ['po2:queue=2'],
  sjf: ['sjf:queue=2'],
  'fixed-priority': ['fixed-priority:order=T0:queue=4'],
  edf: ['edf:factor=3'],
  nudge: ['nudge:queue=3'],
  boost: ['boost:queue=2'],
  darc: [
    'darc:window=50',
    'darc:window=7:delta=3',
    'darc:window=20:delay=0:demand=0',
    'darc:oracle',
    'darc:declared:window=60',
    'darc:oracle:delta=4',
    'darc:window=30:queue=3',
  ],
  'darc-static': ['darc-static:reserved=0'],
  'darc-ts': [
    'darc-ts:window=50:backlog=0:quantum=2us',
    'darc-ts:oracle:backlog=1:cost=0ns:quantum=700ns',
    'darc-ts:window=20:delay=0:demand=0:quantum=1us',
  ],
  jbsq: ['jbsq:k=1:quantum=2us', 'jbsq:k=3:cost=0ns:quantum=700ns', 'jbsq:queue=2'],
  tq: ['tq:cost=0ns:quantum=500ns', 'tq:cost=1us', 'tq:queue=2'],
  las: ['las:cost=0ns:quantum=700ns', 'las:quantum=2us:cost=3us'],
  sept: ['sept:cost=0ns:quantum=700ns:patience=1', 'sept:quantum=2us:target=3:queue=3:declared'],
  srpt: ['srpt:cost=1us'],
  ts: [
    'ts:quantum=700ns:cost=0ns',
    'ts:quantum=2us:preempt=when-waiting',
    'ts:quantum=900ns:preempt=when-waiting:cost=0ns',
  ],
  'ts-mq': ['ts-mq:quantum=700ns:cost=0ns', 'ts-mq:quantum=2us:preempt=when-waiting', 'ts-mq:requeue=head'],
};

describe.each(policies.map((policy) => policy.name))('%s keeps its promises', { timeout: 60_000 }, (name) => {
  it.each([name, ...(variants[name] ?? [])])('%s, on random workloads', async (text) => {
    const { violation, cases } = await findViolation(parsePolicy(text), {
      seed: SEED,
      runs: runs(text === name ? 50 : 20),
    });
    const told = violation && `${violation.property}: ${violation.story}: ${describeCase(violation.simplest)}`;
    expect(told && `${told}: ${text} --case ${formatCase(violation.simplest)}; ${repeatLine()}`).toBeUndefined();
    expect(cases).toBeGreaterThan(0);
  });
});

describe('what random workloads have found', () => {
  it.each([
    [
      'the late end of a request leaves what its worker was asked about the next one',
      'jbsq:k=3:cost=0ns:quantum=700ns',
      'seed=4:load=0.5:requests=3:tick=1000:costs=214:vary',
    ],
    [
      'known types keep their workers when a window had UNKNOWN requests only',
      'darc:window=1',
      'seed=1:types=2:workers=2:requests=3:unknown',
    ],
  ])('%s', async (_what, policy, text) => {
    expect(await judgeCase(parsePolicy(policy), parseCase(text))).toBeUndefined();
  });
});
