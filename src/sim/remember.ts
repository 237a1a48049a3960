/**
 * Remembers all that can be reached from an object: through properties, arrays, maps and sets. Variables of functions
 * are out of reach. V8 takes the objects of a closure as constants only while it has made one such closure; to play
 * again with the same objects keeps its code.
 *
 * @returns brings back everything as it is now, in the same objects
 */
export function remember(root: object): () => void {
  const restores: (() => void)[] = [];
  const seen = new Set<unknown>();
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) restores.push(rememberNumbers(value as Float64Array));
    else if (value instanceof Map || value instanceof Set) {
      restores.push(rememberCollection(value));
      waiting.push(...value.keys(), ...value.values());
    } else {
      restores.push(rememberProperties(value as Record<string, unknown>));
      waiting.push(...Object.values(value));
    }
  }
  return () => {
    for (const restore of restores) restore();
  };
}

function rememberNumbers(numbers: Float64Array): () => void {
  const before = numbers.slice();
  return () => numbers.set(before);
}

function rememberCollection(collection: Map<unknown, unknown> | Set<unknown>): () => void {
  const before = [...collection];
  return () => {
    collection.clear();
    for (const each of before) {
      if (collection instanceof Set) collection.add(each);
      else collection.set(...(each as [unknown, unknown]));
    }
  };
}

function rememberProperties(object: Record<string, unknown>): () => void {
  const before = Object.entries(object);
  return () => {
    if (Array.isArray(object)) object.length = before.length;
    // V8 takes a property that was never written again as a constant.
    for (const [key, value] of before) if (!Object.is(object[key], value)) object[key] = value;
    for (const key of Object.keys(object)) if (!before.some(([known]) => known === key)) delete object[key];
  };
}
