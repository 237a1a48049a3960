/** A YAML text as plain values, and the lines and columns they stand at. */

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, Scalar, type YAMLMap } from 'yaml';
import { InputError, type InputIssue } from '../units/errors.js';
import { visible } from '../units/names.js';
import type { Path, Problem } from './checker.js';

/** `text`: every scalar is the text that stands there, so that `01` and `1e3` stay what they are. */
export type Scalars = 'values' | 'text';

export interface YamlSource {
  readonly value: unknown;
  /** Gives problems their lines and columns, in the order of the file. */
  locate(problems: readonly Problem[]): InputIssue[];
}

/** A longer text is refused unread: it would take too much memory. */
const MAX_CHARACTERS = 2 ** 20;
/** Values of a file. What an alias stands for counts each time, so that a few lines cannot become billions. */
const MAX_VALUES = 500_000;
const MAX_DEPTH = 100;
/** More say nothing new. */
const MAX_ERRORS = 20;
const TOO_DEEP = `expected at most ${MAX_DEPTH} levels of lists and maps, found more`;

/** Where a key and its value begin. */
interface Place {
  readonly key: number;
  readonly value: number;
}

type Key = string | number;

/** @throws InputError when the text is not YAML */
export function readYaml(text: string, fileName: string, scalars: Scalars = 'values'): YamlSource {
  const lines = new LineCounter();
  const issueAt = (offset: number, path: Path, message: string): InputIssue => {
    const { line, col } = lines.linePos(offset);
    const place = { file: fileName, line: Math.max(1, line), column: Math.max(1, col), path: showPath(path) };
    return { ...place, message };
  };
  const issuesOf = (problems: readonly { offset: number; path: Path; message: string }[]): InputIssue[] =>
    problems
      .map(({ offset, path, message }) => issueAt(offset, path, message))
      .sort((a, b) => a.line - b.line || a.column! - b.column!);
  try {
    const contents = parse(text, lines, scalars);
    const reader = new ValueReader();
    const start = contents?.range?.[0] ?? 0;
    const value = reader.valueOf(contents, { key: start, value: start }, '', 0);
    const offsetOf = (path: Path, atKey: boolean) => reader.offsetOf(value, start, path, atKey);
    return {
      value,
      locate: (problems) =>
        issuesOf(problems.map(({ path, atKey, message }) => ({ offset: offsetOf(path, atKey), path, message }))),
    };
  } catch (error) {
    if (error instanceof NotYaml) throw new InputError(issuesOf(error.problems));
    throw error;
  }
}

/** The plain values of a YAML text that was read before. */
export function yamlValue(text: string): unknown {
  return readYaml(text, '').value;
}

class NotYaml extends Error {
  constructor(readonly problems: readonly { offset: number; path: Path; message: string }[]) {
    super();
  }
}

function parse(text: string, lineCounter: LineCounter, scalars: Scalars): Node | null {
  const refuse = (message: string) => new NotYaml([{ offset: 0, path: [], message }]);
  if (text.length > MAX_CHARACTERS) {
    throw refuse(
      `expected a file of at most ${MAX_CHARACTERS / 2 ** 20} MB, found ${Math.ceil(text.length / 2 ** 20)} MB`,
    );
  }
  // ValueReader finds keys that occur twice. The parser would take time with the square of their number.
  const options = { lineCounter, prettyErrors: false, uniqueKeys: false } as const;
  const { errors, contents } = parseDocument(text, { ...options, ...(scalars === 'text' && { schema: 'failsafe' }) });
  if (errors.length > 0) {
    throw new NotYaml(
      errors
        .slice(0, MAX_ERRORS)
        .map(({ code, pos, message }) => ({ offset: pos[0], path: [], message: ownWords(code, message) })),
    );
  }
  return contents as Node | null;
}

function ownWords(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'expected one YAML document, found a second one after ---';
  if (message.startsWith('Maximum call stack')) return TOO_DEEP;
  return `expected YAML, found: ${message.split('\n')[0]}`;
}

/** Makes values of nodes and notes where they stand. */
class ValueReader {
  private readonly anchors = new Map<string, Node>();
  /** Anchored nodes that are being read: an alias of one of them would never end. */
  private readonly open = new Set<Node>();
  /** Where the entries of each list and map stand. */
  private readonly places = new Map<unknown, ReadonlyMap<Key, Place>>();
  private values = 0;

  /** @param key of the value, for messages */
  valueOf(node: Node | null, place: Place, key: Key, depth: number): unknown {
    if (++this.values > MAX_VALUES) {
      throw problem(place.value, key, `expected at most ${MAX_VALUES} values, with what an alias stands for each time`);
    }
    if (depth > MAX_DEPTH) throw problem(place.value, '', TOO_DEEP);
    if (node === null) return null;
    if (isAlias(node)) return this.valueOf(this.anchored(node.source, place.value, key), place, key, depth);
    const { anchor } = node as { anchor?: string };
    if (anchor === undefined) return this.contentsOf(node, place, key, depth);
    this.anchors.set(anchor, node);
    this.open.add(node);
    const contents = this.contentsOf(node, place, key, depth);
    this.open.delete(node);
    return contents;
  }

  private anchored(name: string, offset: number, key: Key): Node {
    const node = this.anchors.get(name);
    if (node === undefined)
      throw problem(offset, key, `expected the anchor &${name} above, found only the alias *${name}`);
    if (this.open.has(node)) throw problem(offset, key, `expected no alias inside of its own anchor, found *${name}`);
    return node;
  }

  private contentsOf(node: Node, place: Place, key: Key, depth: number): unknown {
    if (isMap(node)) return this.mapOf(node, place, key, depth);
    if (!isSeq(node)) return isScalar(node) ? node.value : undefined;
    const places = new Map<Key, Place>();
    const list = node.items.map((item, i) => {
      const at = placeOf(place.value, item as Node);
      places.set(i, at);
      return this.valueOf(item as Node, at, key, depth + 1);
    });
    this.places.set(list, places);
    return list;
  }

  private mapOf({ items }: YAMLMap, place: Place, outer: Key, depth: number): object {
    const entries = new Map<string, unknown>();
    const places = new Map<Key, Place>();
    // What is merged in comes first, so that the map's own keys win.
    for (const { key, value } of items) {
      if (isMergeKey(key)) this.merge(value as Node | null, (key as Node).range![0], entries, places, depth);
    }
    const own = new Set<string>();
    for (const { key, value } of items) {
      if (isMergeKey(key)) continue;
      const at = placeOf((key as Node | null)?.range?.[0] ?? place.value, value as Node | null);
      const name = this.keyOf(key as Node | null, at, outer);
      if (own.has(name)) throw problem(at.key, outer, `expected keys that differ, found '${visible(name)}' twice`);
      own.add(name);
      entries.set(name, this.valueOf(value as Node | null, at, name, depth + 1));
      places.set(name, at);
    }
    // Not by assignment, which would take a key __proto__ for the prototype.
    const map = Object.fromEntries(entries);
    this.places.set(map, places);
    return map;
  }

  private keyOf(key: Node | null, at: Place, outer: Key): string {
    const named = isAlias(key) ? this.anchored(key.source, at.key, outer) : key;
    if (named === null) return '';
    if (!isScalar(named)) throw problem(at.key, outer, 'expected a word as the key, found a list or a map');
    if (named.anchor !== undefined) this.anchors.set(named.anchor, named as Node);
    return String(named.value ?? '');
  }

  /** Adds the entries of the map or maps that `<<` names; the first map wins. */
  private merge(
    node: Node | null,
    at: number,
    entries: Map<string, unknown>,
    places: Map<Key, Place>,
    depth: number,
  ): void {
    const target = isAlias(node) ? this.anchored(node.source, node.range![0], '<<') : node;
    if (isSeq(target)) {
      for (const item of target.items.toReversed()) this.merge(item as Node, at, entries, places, depth);
      return;
    }
    if (!isMap(target)) throw problem(at, '', 'expected a map after <<, as an alias *NAME or in a list of them');
    const merged = this.valueOf(node, { key: at, value: at }, '<<', depth) as Record<string, unknown>;
    for (const [name, value] of Object.entries(merged)) entries.set(name, value);
    for (const [name, place] of this.places.get(merged)!) places.set(name, place);
  }

  /** Offset of a value (or its key) in the text; of the nearest thing around it when the value is missing. */
  offsetOf(root: unknown, start: number, path: Path, atKey: boolean): number {
    let offset = start;
    let value = root;
    for (const [depth, key] of path.entries()) {
      const place = this.places.get(value)?.get(key);
      if (!place) break;
      offset = atKey && depth === path.length - 1 ? place.key : place.value;
      value = (value as Record<Key, unknown>)[key];
    }
    return offset;
  }
}

/** A value that is not written, as in `key:`, stands at its key. */
function placeOf(key: number, node: Node | null): Place {
  const isEmpty = node === null || (isScalar(node) && node.source === '' && node.type === Scalar.PLAIN);
  return { key, value: isEmpty ? key : node.range![0] };
}

function problem(offset: number, key: Key, message: string): NotYaml {
  return new NotYaml([{ offset, path: [key], message }]);
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN && key.source === '<<';
}

/** `types[1].ratio` */
function showPath(path: Path): string {
  return path.reduce<string>(
    (sum, key) => (typeof key === 'number' ? `${sum}[${key}]` : sum === '' ? key : `${sum}.${key}`),
    '',
  );
}
