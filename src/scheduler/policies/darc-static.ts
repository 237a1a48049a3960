import { InputError } from '../../units/errors.js';
import { unquoted } from '../../units/lists.js';
import { definePolicy, queueLimit } from '../policy.js';
import { ReservedScheduler } from '../reserved-scheduler.js';
import type { SchedulerSetup } from '../scheduler.js';
import { TYPED_QUEUE_LIMIT } from '../typed-scheduler.js';

type DarcStaticParameters = { reserved: number; short: string; queue: number };

/**
 * DARC with a reservation chosen by hand (Perséphone, SOSP'21, section 5.3). The short type owns workers 0 … n-1 and
 * may use all others. All other types own workers n … N-1 together and may use no others.
 */
class DarcStatic extends ReservedScheduler {
  constructor(setup: SchedulerSetup, { reserved, short, queue }: DarcStaticParameters) {
    super(setup, queue);
    const { workers, types } = setup;
    if (reserved >= workers) {
      throw new InputError(`darc-static: reserved: expected fewer than the ${workers} workers, found ${reserved}`);
    }
    const shortType = short === '' ? 0 : types.findIndex((type) => type.name === unquoted(short));
    if (shortType < 0) {
      const names = types.map((type) => type.name).join(', ') || 'none that the classifier knows';
      throw new InputError(`darc-static: short: unknown type '${short}'. The workload has ${names}`);
    }
    // Without a known type there is only UNKNOWN, whose group the base class has made.
    if (types.length === 0) return;
    this.beginGroups();
    this.addToGroup(shortType, true);
    for (let worker = 0; worker < reserved; worker++) this.own(worker);
    let opens = true;
    for (let type = 0; type < types.length; type++) {
      if (type === shortType) continue;
      this.addToGroup(type, opens);
      opens = false;
    }
    // A single type owns all workers, because no other group was opened.
    for (let worker = reserved; worker < workers; worker++) this.own(worker);
    this.endGroups();
  }

  protected observe(_type: number, _serviceNs: number): void {
    // The reservation never changes, so there is nothing to learn.
  }
}

export const darcStatic = definePolicy<DarcStaticParameters>({
  name: 'darc-static',
  title: 'DARC-static',
  summary: 'a fixed number of workers reserved for the short type, which may also use all others',
  reference: "Perséphone (SOSP'21) section 5.3 (figure 4)",
  needsTypes: true,
  needsFlows: false,
  preemptive: false,
  workConserving: false,
  clairvoyant: false,
  fifoWithinType: true,
  queues: 'central',
  parameters: [
    { key: 'reserved', kind: 'integer', min: 0, default: 1, help: 'workers reserved for the short type' },
    { key: 'short', kind: 'text', default: '', help: 'name of the short type; default: the first of the workload' },
    queueLimit(TYPED_QUEUE_LIMIT),
  ],
  create: (setup, parameters) => new DarcStatic(setup, parameters),
});
