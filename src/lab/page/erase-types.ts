/** TypeScript to JavaScript for the editor: types become spaces, so that every line stays where it is. */

import { parser } from '@lezer/javascript';

/** Something that cannot be run, at a place of the text. */
export interface CodeFault {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

export interface Erased {
  /** For `policyOfCode`; empty when there are faults. */
  readonly code: string;
  readonly faults: readonly CodeFault[];
}

const typescript = parser.configure({ dialect: 'ts' });
type Node = ReturnType<typeof typescript.parse>['topNode'];

/** Whole nodes that mean nothing to JavaScript. */
const TYPES = new Set([
  'TypeAnnotation',
  'TypePredicate',
  'TypeParamList',
  'TypeArgList',
  'TypeAliasDeclaration',
  'InterfaceDeclaration',
  'AmbientDeclaration',
  'Optional',
  'Privacy',
  'readonly',
  'override',
  'abstract',
]);
const REFUSED: Readonly<Record<string, string>> = {
  EnumDeclaration: 'enum is not erased here: use a const object',
  NamespaceDeclaration: 'namespace is not erased here: use a module of its own',
  Decorator: 'decorators are not supported here',
};
const PARTS = 'psp/policy';

/** A piece of the text and what stands there instead. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** `counts[type]! += 1`: the parser knows the mark on the left of an assignment only as a fault. */
const ASSIGNED_NOT_NULL = /(?<=[\])\w])!(?=\s+=(?!=)|\s*(?:[-+*/%&|^]|\*\*|<<|>>>?|&&|\|\||\?\?)=(?!=))/g;

/** The text of a policy's file without its types. */
export function eraseTypes(given: string): Erased {
  const text = given.replace(ASSIGNED_NOT_NULL, ' ');
  const edits: Edit[] = [];
  const faults: CodeFault[] = [];
  const blank = ({ from, to }: { from: number; to: number }) =>
    edits.push({ from, to, insert: text.slice(from, to).replace(/[^\n]/g, ' ') });
  const fault = ({ from, to }: { from: number; to: number }, message: string) =>
    faults.push({ from, to: Math.max(to, from + 1), message });

  const visit = (node: Node): void => {
    if (node.type.isError) {
      const found = text.slice(node.from, node.to).trim();
      fault(node, found === '' ? 'something is missing here' : `did not expect '${found.slice(0, 20)}' here`);
      return;
    }
    const refusal = REFUSED[node.name];
    if (refusal !== undefined) fault(node, refusal);
    else if (TYPES.has(node.name) || isTypeOnly(node)) blank(node);
    else if (node.name === 'ImportDeclaration') edits.push(importOf(node, text, fault));
    else {
      if (node.name === 'ExportDeclaration') exportOf(node, edits, blank);
      else if (node.name === 'BinaryExpression') blankCast(node, blank);
      else if (node.name === 'PostfixExpression') blankNotNull(node, text, blank);
      else if (node.name === 'ClassDeclaration') blankImplements(node, blank);
      else if (node.name === 'MethodDeclaration') edits.push(...parameterProperties(node, text));
      for (let child = node.firstChild; child; child = child.nextSibling) visit(child);
    }
  };
  visit(typescript.parse(text).topNode);
  return { code: faults.length > 0 ? '' : withEdits(text, edits), faults };
}

/** A declaration without a body: an overload, an abstract method, a declared field. */
function isTypeOnly(node: Node): boolean {
  if (node.name === 'PropertyDeclaration') return node.getChild('declare') !== null;
  return (node.name === 'MethodDeclaration' || node.name === 'FunctionDeclaration') && !node.getChild('Block');
}

function importOf(node: Node, text: string, fault: (at: Node, message: string) => void): Edit {
  const from = node.getChild('String');
  const names = node.getChild('ImportGroup');
  const isType = node.getChild('type') !== null;
  const lines = text.slice(node.from, node.to).replace(/[^\n]/g, '');
  if (isType || !from) return { from: node.from, to: node.to, insert: lines };
  if (text.slice(from.from + 1, from.to - 1) !== PARTS) {
    fault(from, `cannot import ${text.slice(from.from, from.to)}: a policy in the page imports only '${PARTS}'`);
  } else if (!names) fault(node, "expected import { … } from 'psp/policy'");
  const inside = names ? text.slice(names.from + 1, names.to - 1).split(',') : [];
  const taken = inside
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
    .map((name) => name.replace(/\s+as\s+/, ': '));
  return { from: node.from, to: node.to, insert: `const { ${taken.join(', ')} } = psp;${lines}` };
}

/** `export default x` leaves the policy where it is found; other exports are not looked at. */
function exportOf(node: Node, edits: Edit[], blank: (at: Node) => void): void {
  const word = node.getChild('export')!;
  const isDefault = node.getChild('default');
  if (isDefault) edits.push({ from: word.from, to: isDefault.to, insert: 'made.policy =' });
  else blank(word);
}

/** `x as T`, `x satisfies T` */
function blankCast(node: Node, blank: (at: { from: number; to: number }) => void): void {
  const word = node.getChild('as') ?? node.getChild('satisfies');
  if (word) blank({ from: word.from, to: node.to });
}

/** `x!` */
function blankNotNull(node: Node, text: string, blank: (at: Node) => void): void {
  const mark = node.getChild('LogicOp');
  if (mark && text.slice(mark.from, mark.to) === '!') blank(mark);
}

function blankImplements(node: Node, blank: (at: { from: number; to: number }) => void): void {
  const word = node.getChild('implements');
  const body = node.getChild('ClassBody');
  if (word && body) blank({ from: word.from, to: body.from });
}

/** `constructor(private readonly x: T)` sets `this.x`. */
function parameterProperties(node: Node, text: string): Edit[] {
  const block = node.getChild('Block');
  const list = node.getChild('ParamList');
  if (!block || !list) return [];
  const names: string[] = [];
  for (let child = list.firstChild, marked = false; child; child = child.nextSibling) {
    if (child.name === 'Privacy' || child.name === 'readonly') marked = true;
    if (child.name === ',') marked = false;
    if (marked && child.name === 'VariableDefinition') names.push(text.slice(child.from, child.to));
  }
  if (names.length === 0) return [];
  const first = block.getChild('ExpressionStatement');
  const callsSuper = first && /^super\s*\(/.test(text.slice(first.from, first.to));
  const at = callsSuper ? first.to : block.from + 1;
  return [{ from: at, to: at, insert: names.map((name) => ` this.${name} = ${name};`).join('') }];
}

function withEdits(text: string, edits: readonly Edit[]): string {
  let made = '';
  let at = 0;
  for (const { from, to, insert } of [...edits].sort((a, b) => a.from - b.from || a.to - b.to)) {
    made += text.slice(at, from) + insert;
    at = to;
  }
  return made + text.slice(at);
}
