/** A YAML text with its values and the lines and columns they stand at. */

import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { InputError, type InputIssue } from '../units/errors.js';
import type { Path, Problem } from './checker.js';

export interface YamlSource {
  readonly fileName: string;
  /** The plain values. */
  readonly value: unknown;
  /** Gives problems their lines and columns, in the order of the file. */
  locate(problems: readonly Problem[]): InputIssue[];
}

/** @throws InputError when the text is no YAML */
export function readYaml(text: string, fileName: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const issueAt = (offset: number, path: string, message: string): InputIssue => {
    const { line, col } = lines.linePos(offset);
    return { file: fileName, line: Math.max(1, line), column: Math.max(1, col), path, message };
  };
  const failWith = (offset: number, message: string) =>
    issueAt(offset, '', `expected YAML, found: ${message.split('\n')[0]}`);
  if (document.errors.length > 0) {
    throw new InputError(sorted(document.errors.map((error) => failWith(error.pos[0], error.message))));
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    throw new InputError([failWith(0, (error as Error).message)]);
  }
  return {
    fileName,
    value,
    locate: (problems) =>
      sorted(
        problems.map(({ path, atKey, message }) => issueAt(offsetOf(document, path, atKey), showPath(path), message)),
      ),
  };
}

function sorted(issues: InputIssue[]): InputIssue[] {
  return issues.sort((a, b) => a.line - b.line || a.column! - b.column!);
}

/** `types[1].ratio` */
function showPath(path: Path): string {
  return path.reduce<string>(
    (sum, key) => (typeof key === 'number' ? `${sum}[${key}]` : sum === '' ? key : `${sum}.${key}`),
    '',
  );
}

/** Offset of a value (or its key) in the text; of the nearest thing around it when the value is missing. */
function offsetOf(document: Document, path: Path, atKey: boolean): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, key] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => (isScalar(item.key) ? item.key.value : item.key) === key);
      if (!pair) return offset;
      const keyOffset = startOf(pair.key) ?? offset;
      const empty = isScalar(pair.value) && pair.value.source === '';
      offset = (atKey && depth === path.length - 1) || empty ? keyOffset : (startOf(pair.value) ?? keyOffset);
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[key as number];
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
