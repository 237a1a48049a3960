/** The files of the project, and what the tidy test looks for in them. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../docs/pages.js';

export interface SourceFile {
  /** Relative to the checkout. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** All files below the folders that have one of the endings. */
export function sourceFiles(folders: readonly string[], endings: RegExp): SourceFile[] {
  return folders.flatMap(filesBelow).flatMap((path) => {
    if (!endings.test(path)) return [];
    const text = readFileSync(join(ROOT, path), 'utf8');
    return [{ path, text, lines: text.split('\n') }];
  });
}

/** Every file below a folder, by its path in the checkout. */
export function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name !== 'node_modules' && name !== '__snapshots__')
    .map((name) => `${folder}/${name}`)
    .flatMap((path) => (statSync(join(ROOT, path)).isDirectory() ? filesBelow(path) : [path]));
}

export interface FoundFunction {
  readonly name: string;
  readonly lines: number;
}

/** Functions with a name, with those inside of them counted in. */
export function functionsOf({ path, text }: SourceFile): FoundFunction[] {
  const source = parse(path, text);
  const found: FoundFunction[] = [];
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    const name = nameOf(node);
    if (name !== undefined) found.push({ name, lines: lineOf(node.end) - lineOf(node.getStart(source)) + 1 });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) return node.name?.getText();
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (!ts.isVariableDeclaration(node) || !node.initializer) return undefined;
  const isFunction = ts.isArrowFunction(node.initializer) || ts.isFunctionExpression(node.initializer);
  return isFunction ? node.name.getText() : undefined;
}

/** What a file exports by name, each once. */
export function exportsOf({ path, text }: SourceFile): string[] {
  const names = new Set<string>();
  for (const node of parse(path, text).statements) {
    if (!ts.canHaveModifiers(node)) continue;
    if (!ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    if (ts.isVariableStatement(node)) {
      for (const { name } of node.declarationList.declarations) names.add(name.getText());
    } else if ('name' in node && node.name) names.add((node.name as ts.Identifier).getText());
  }
  return [...names];
}

/** The comments of a file, each with the number of its line. */
export function commentsOf({ path, text }: SourceFile): { readonly line: number; readonly text: string }[] {
  if (!/\.(ts|mjs|cjs)$/.test(path)) {
    return text.split('\n').flatMap((line, i) => (/^\s*(\/\/|\/?\*)/.test(line) ? [{ line: i + 1, text: line }] : []));
  }
  const source = parse(path, text);
  const starts = new Set<number>();
  const visit = (node: ts.Node): void => {
    starts.add(node.pos);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const ranges = [...starts].flatMap((start) => ts.getLeadingCommentRanges(text, start) ?? []);
  return ranges.map(({ pos, end }) => ({
    line: source.getLineAndCharacterOfPosition(pos).line + 1,
    text: text.slice(pos, end),
  }));
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
}

/** Places where `!` follows what can be neither undefined nor null. */
export function uselessAssertions(): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.test.json'), ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram(fileNames, options);
  const checker = program.getTypeChecker();
  const found: string[] = [];
  for (const source of program.getSourceFiles()) {
    if (source.isDeclarationFile) continue;
    const visit = (node: ts.Node): void => {
      if (ts.isNonNullExpression(node) && !isNullable(checker.getTypeAtLocation(node.expression))) {
        const { line } = source.getLineAndCharacterOfPosition(node.end);
        found.push(`${relative(ROOT, source.fileName)}:${line + 1} ${node.getText()}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

const { Undefined, Null, Void, Any, Unknown, TypeParameter, IndexedAccess } = ts.TypeFlags;

/** May a value of the type be undefined or null, as far as the compiler can tell? */
function isNullable(type: ts.Type): boolean {
  const maybe = Undefined | Null | Void | Any | Unknown | TypeParameter | IndexedAccess;
  return (type.isUnion() ? type.types : [type]).some(({ flags }) => (flags & maybe) !== 0);
}
