import { describe, expect, it } from 'vitest';
import { inArguments } from '../../src/library/argument-names.js';
import { checkArguments, RUN_RULES, rulesOfLists, settingsOf, WATCH_RULES } from '../../src/library/check-arguments.js';
import { policies } from '../../src/scheduler/policy-registry.js';
import { InputError } from '../../src/units/errors.js';

const RULES = { ...RUN_RULES, ...WATCH_RULES };
const check = (given: unknown) => settingsOf(checkArguments(given, RULES, ['workload']));
const darc = policies.find(({ name }) => name === 'darc')!;

describe('what a program passes', () => {
  const wrong: readonly (readonly [given: unknown, message: string])[] = [
    [undefined, 'expected an object with workload, found undefined'],
    [[], 'expected an object with workload, found []'],
    [{}, 'workload: expected the name of a workload, a file, or what parseWorkload returns, found nothing'],
    [{ workload: {} }, 'workload: expected the name of a workload, a file, or what parseWorkload returns, found {}'],
    [{ workload: 'x', laod: 1 }, "unknown field 'laod': did you mean 'load'?"],
    [{ workload: 'x', constructor: 1 }, "unknown field 'constructor'"],
    [{ workload: 'x', load: '0.8' }, "load: expected a number above 0, such as 0.8, found '0.8'"],
    [{ workload: 'x', load: Number.NaN }, 'load: expected a number above 0, such as 0.8, found NaN'],
    [{ workload: 'x', workers: 0 }, 'workers: expected a whole number from 1 to 65536, found 0'],
    [{ workload: 'x', requests: 0.5 }, 'requests: expected a whole number from 1 to'],
    [{ workload: 'x', durationNs: 0.2 }, 'durationNs: expected a number of ns, at least 1, found 0.2'],
    [{ workload: 'x', seed: 1.5 }, 'seed: expected a text or a whole number, found 1.5'],
    [{ workload: 'x', warmup: 1 }, 'warmup: expected a number from 0 to below 1, found 1'],
    [{ workload: 'x', policies: 'darc' }, "policies: expected a list of policies, such as ['darc', './keep.ts']"],
    [{ workload: 'x', policies: [] }, 'policies: expected a list of policies'],
    [{ workload: 'x', policies: [3] }, 'policies: expected a list of policies'],
    [{ workload: 'x', policies: [{ create() {} }] }, 'policies[0]: name: expected a'],
    [
      { workload: 'x', policies: [{ ...darc }] },
      "policies[0]: name: expected a name of its own: psp has a policy 'darc'",
    ],
    [{ workload: 'x', policies: [{ policy: darc, parameters: { windw: 1 } }] }, 'darc: has no parameter windw'],
    [{ workload: 'x', precision: { relative: 2, statistic: 'p99' } }, 'precision: expected { relative, statistic }'],
    [{ workload: 'x', precision: { relative: 0.1, statistic: 'p98' } }, 'precision: expected { relative, statistic }'],
    [{ workload: 'x', signal: {} }, 'signal: expected an AbortSignal, found {}'],
    [{ workload: 'x', onProgress: 1 }, 'onProgress: expected a function, found 1'],
    [{ workload: 'x', load: 1, rateRps: 1 }, 'expected only one of load and rateRps, found both'],
    [{ workload: 'x', requests: 1, durationNs: 1 }, 'expected only one of requests and durationNs, found both'],
  ];
  it.each(wrong)('%j is refused', (given, message) => {
    expect(() => check(given)).toThrowError(message);
  });

  it('becomes settings: without what is undefined, seeds as text, times as whole ns', () => {
    expect(check({ workload: 'x', seed: 3, load: undefined, sliceNs: 1.4 })).toEqual({
      workload: 'x',
      seed: '3',
      sliceNs: 1,
    });
  });

  it("is one of psp's own policies when it is that object", () => {
    const [own, set] = check({
      workload: 'x',
      policies: [darc, { policy: darc, parameters: { window: 500 } }],
    }).policies as readonly { readonly text: string }[];
    expect([own!.text, set!.text]).toEqual(['darc', 'darc:window=500']);
  });

  it('may be a list where lists are allowed', () => {
    const rules = rulesOfLists(RUN_RULES);
    expect(checkArguments({ load: [0.1, 0.2], workers: 2 }, rules, [])).toEqual({ load: [0.1, 0.2], workers: 2 });
    expect(() => checkArguments({ load: [0.1, -1] }, rules, [])).toThrowError('load: expected a number above 0');
    expect(() => checkArguments({ load: [] }, rules, [])).toThrowError('load: expected a number above 0');
  });
});

it('what the command line says of its options is said of arguments', () => {
  const said = (message: string) => (inArguments(new InputError(message)) as Error).message;
  expect(said('expected equal seeds, or --unpaired')).toBe('expected equal seeds, or unpaired');
  expect(said('--max-replications: expected more; see --slo, --rate-scale')).toBe(
    'maxReplications: expected more; see slos, rateScale',
  );
  expect(said('no --such-option, no a--b')).toBe('no --such-option, no a--b');
  const other = new Error('--policy');
  expect(inArguments(other)).toBe(other);
});
