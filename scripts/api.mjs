// npm run api: writes api/*.api.md, what programs can import and with which types. A test compares it with the build,
// so that a change of the surface is seen in review.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { ROOT } from './setup.mjs';

export const API_FOLDER = join(ROOT, 'api');

/** The files of the report by their names, from the declarations in dist/. */
export function apiReport() {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const entries = Object.entries(exports).filter(([, target]) => target.types !== undefined);
  const files = entries.map(([, { types }]) => join(ROOT, types));
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
  });
  return Object.fromEntries(
    entries.map(([entry], i) => {
      const name = entry.replace(/^\./, 'psp');
      return [`${name.replace('/', '-')}.api.md`, reportOf(name, program, program.getSourceFile(files[i]))];
    }),
  );
}

function reportOf(name, program, file) {
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(file));
  const real = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const nameOf = new Map(exported.map((symbol) => [real(symbol), symbol.name]));
  const reached = new Map();
  const queue = [...nameOf.keys()];
  for (const symbol of queue) {
    for (const other of referencesOf(symbol, checker, real)) {
      if (nameOf.has(other) || reached.has(other)) continue;
      reached.set(other, other.name);
      queue.push(other);
    }
  }
  const section = (names) =>
    [...names]
      .sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([symbol, as]) => declarationOf(symbol, as))
      .join('\n\n');
  const rest = reached.size === 0 ? [] : ['', 'Types that these refer to:', '', '```ts', section(reached), '```'];
  return [`# ${name}`, '', 'Written by `npm run api`.', '', '```ts', section(nameOf), '```', ...rest, ''].join('\n');
}

/** psp's own symbols that the declarations of this one refer to. */
function referencesOf(symbol, checker, real) {
  const found = new Set();
  const visit = (node) => {
    if (ts.isIdentifier(node)) {
      const other = checker.getSymbolAtLocation(node);
      const meant = other && real(other);
      const [declared] = meant?.declarations ?? [];
      if (declared && isTopLevel(declared) && isOwn(declared)) found.add(meant);
    }
    ts.forEachChild(node, (child) => {
      if (!isPrivate(child)) visit(child);
    });
  };
  for (const declaration of symbol.declarations ?? []) visit(declaration);
  found.delete(symbol);
  return found;
}

function isTopLevel(node) {
  const { parent } = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  return parent !== undefined && ts.isSourceFile(parent);
}

function isOwn(node) {
  return !relative(join(ROOT, 'dist'), node.getSourceFile().fileName).startsWith('..');
}

function isPrivate(node) {
  return ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
}

/** The text of a declaration without comments, private members, and the words that only files of their own need. */
function declarationOf(symbol, as) {
  const printer = ts.createPrinter({ removeComments: true });
  const texts = symbol.declarations.map((declaration) => {
    const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    return printer
      .printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
      .replace(/^ +private .*\n/gm, '')
      .replace(/^export (default )?/, '')
      .replace(/^declare /, '')
      .replace(/^export \{\};$/m, '');
  });
  const named = as === symbol.name ? [] : [`// exported as ${as}`];
  return [...named, ...new Set(texts)].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(API_FOLDER, { recursive: true, force: true });
  mkdirSync(API_FOLDER, { recursive: true });
  for (const [name, text] of Object.entries(apiReport())) writeFileSync(join(API_FOLDER, name), text);
}
