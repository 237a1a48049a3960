import { FIRST_HANDLES, grown } from './queues.js';

/**
 * A 4-ary heap of requests by ascending key, over typed arrays. Requests of equal key come out in the order in which
 * they were pushed.
 *
 * The key is written into {@link keyOf} before the request is pushed, because V8 boxes a double that is passed to a
 * function it does not inline. It stays there while the request runs, where most policies need it.
 */
export class RequestHeap {
  /** Requests in the heap. */
  length = 0;
  /** Key by request handle; see {@link fit}. A change after `push` does not move the request. */
  keyOf = new Float64Array(FIRST_HANDLES);
  // By place in the heap. The turn counts the pushes; it may overflow, because only differences are compared.
  private keys = new Float64Array(FIRST_HANDLES);
  private turns = new Int32Array(FIRST_HANDLES);
  private requests = new Int32Array(FIRST_HANDLES);
  private nextTurn = 0;

  /** Makes `keyOf` long enough for a request. Call it once per request, when it arrives. */
  fit(request: number): void {
    if (request >= this.keyOf.length) this.keyOf = grown(this.keyOf, request);
  }

  push(request: number): void {
    if (this.length === this.keys.length) this.grow();
    const { keys, turns, requests } = this;
    const key = this.keyOf[request]!;
    const turn = this.nextTurn;
    this.nextTurn = (turn + 1) | 0;
    let at = this.length++;
    // A tie stays below its parent, which is older.
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (keys[parent]! <= key) break;
      keys[at] = keys[parent]!;
      turns[at] = turns[parent]!;
      requests[at] = requests[parent]!;
      at = parent;
    }
    keys[at] = key;
    turns[at] = turn;
    requests[at] = request;
  }

  /** The request with the least key. The heap must not be empty. */
  first(): number {
    return this.requests[0]!;
  }

  /** The least key. The heap must not be empty. */
  leastKey(): number {
    return this.keys[0]!;
  }

  /** Takes the request with the least key. The heap must not be empty. */
  shift(): number {
    const { keys, turns, requests } = this;
    const first = requests[0]!;
    const size = --this.length;
    const key = keys[size]!;
    const turn = turns[size]!;
    let at = 0;
    for (let child = 1; child < size; child = 4 * at + 1) {
      let least = child;
      const end = Math.min(child + 4, size);
      for (let other = child + 1; other < end; other++) {
        const more = keys[other]! - keys[least]!;
        if (more < 0 || (more === 0 && ((turns[other]! - turns[least]!) | 0) < 0)) least = other;
      }
      const more = keys[least]! - key;
      if (more > 0 || (more === 0 && ((turns[least]! - turn) | 0) > 0)) break;
      keys[at] = keys[least]!;
      turns[at] = turns[least]!;
      requests[at] = requests[least]!;
      at = least;
    }
    keys[at] = key;
    turns[at] = turn;
    requests[at] = requests[size]!;
    return first;
  }

  private grow(): void {
    const { length } = this;
    this.keys = grown(this.keys, length);
    this.turns = grown(this.turns, length);
    this.requests = grown(this.requests, length);
  }
}
