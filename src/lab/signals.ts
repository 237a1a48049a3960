/** Values that tell who reads them when they change: all the framework that the page has. */

type Effect = () => void;

let reading: Effect | undefined;

export interface Signal<T> {
  /** The value; an effect that asks for it runs again when it changes. */
  get(): T;
  /** The value, without being told of changes. */
  peek(): T;
  set(value: T): void;
}

export function signal<T>(first: T): Signal<T> {
  let value = first;
  const readers = new Set<Effect>();
  return {
    get() {
      if (reading) readers.add(reading);
      return value;
    },
    peek: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const each of [...readers]) each();
    },
  };
}

/** Runs at once, and again whenever a signal that it has read changes. */
export function effect(run: () => void): void {
  const again = () => {
    const outer = reading;
    reading = again;
    try {
      run();
    } finally {
      reading = outer;
    }
  };
  again();
}
