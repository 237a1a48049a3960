/** The messages to the dispatcher. */
export const InboxMessage = {
  /** A request has arrived: its row and flow. */
  arrival: 0,
  /** A worker has finished its request. */
  completed: 1,
  /** A worker has given up its request. */
  preempted: 2,
  /** A slice has ended: the worker, and the number of the start it belongs to. */
  sliceEnd: 3,
  /** A reply leaves through the dispatcher's core: the request's row and worker. */
  reply: 4,
} as const;
export const MESSAGE_KINDS = Object.keys(InboxMessage).length;

/** An inbox of the dispatcher: messages in their order, in a ring over typed arrays that doubles when it is full. */
export class Inbox {
  length = 0;
  private kinds = new Uint8Array(1024);
  private subjects = new Int32Array(1024);
  private details = new Int32Array(1024);
  private times = new Float64Array(1024);
  private head = 0;

  /** @param atNs when the message arrives, for messages that are under way */
  push(kind: number, subject: number, detail: number, atNs = 0): void {
    if (this.length === this.kinds.length) this.grow();
    const at = (this.head + this.length++) & (this.kinds.length - 1);
    this.kinds[at] = kind;
    this.subjects[at] = subject;
    this.details[at] = detail;
    this.times[at] = atNs;
  }

  kind(): number {
    return this.kinds[this.head]!;
  }

  subject(): number {
    return this.subjects[this.head]!;
  }

  detail(): number {
    return this.details[this.head]!;
  }

  atNs(): number {
    return this.times[this.head]!;
  }

  shift(): void {
    this.head = (this.head + 1) & (this.kinds.length - 1);
    this.length--;
  }

  private grow(): void {
    const { head, kinds, subjects, details, times } = this;
    const larger = <T extends Uint8Array | Int32Array | Float64Array>(from: T, to: T): T => {
      to.set(from.subarray(head));
      to.set(from.subarray(0, head), from.length - head);
      return to;
    };
    this.kinds = larger(kinds, new Uint8Array(kinds.length * 2));
    this.subjects = larger(subjects, new Int32Array(kinds.length * 2));
    this.details = larger(details, new Int32Array(kinds.length * 2));
    this.times = larger(times, new Float64Array(kinds.length * 2));
    this.head = 0;
  }
}
