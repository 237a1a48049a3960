/**
 * Is told what happens on a simulated or recorded machine, in the order of time unless a method says otherwise. All
 * times are in ns.
 */
export interface Observer {
  arrives(request: number, type: number, atNs: number): void;
  /** The worker belongs to the request from `fromNs` on and runs it from `runsNs` on. Both may lie ahead. */
  starts(worker: number, request: number, type: number, fromNs: number, runsNs: number): void;
  /** The request stopped running, for good or preempted; until `freeNs` its worker is busy with the consequences. */
  stops(worker: number, atNs: number, completed: boolean, freeNs: number): void;
  drops(request: number, type: number, atNs: number): void;
  steals(thief: number, victim: number, count: number, atNs: number): void;
  /** The dispatcher is busy, from a time that may lie ahead. */
  dispatcher(fromNs: number, toNs: number): void;
}
