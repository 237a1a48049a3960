/** The `application:` of a server's configuration: a built-in application or a plug-in, and its parameters. */

import { isAbsolute, join } from 'node:path';
import { type Checker, type Field, misspelt, oneOf, show } from '../../input/checker.js';
import { anything, optional, text } from '../../input/fields.js';

export interface ApplicationChoice {
  /** The name of a built-in application; for a plug-in, the last part of its path. */
  readonly name: string;
  /** The file of a plug-in. */
  readonly plugin?: string;
  /** Its parameters, which its setup reads as JSON. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** What a configuration knows when its application is read. */
export interface ApplicationContext {
  /** The folder of the configuration, which the path of a plug-in is relative to. */
  readonly folder: string;
  /** The built-in applications, when they are known. */
  readonly applications: readonly string[] | undefined;
}

/**
 * The parameters of built-in applications that are checked here, for a message with line and column. Those of all
 * others are checked by their setup.
 */
const PARAMETERS: ReadonlyMap<string, Readonly<Record<string, Field<unknown>>>> = new Map([
  ['rocksdb', { path: text, scan: optional(text) }],
]);
const DEFAULTS: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map([['rocksdb', { scan: 'SCAN' }]]);

/** These do what a request demands, so that they can be dilated. All others do work of their own. */
const SYNTHETIC: ReadonlySet<string> = new Set(['spin', 'sleep']);

/** Does an application do work that cannot be stretched? */
export function doesRealWork(application: ApplicationChoice): boolean {
  return application.plugin !== undefined || !SYNTHETIC.has(application.name);
}

/** `spin`, `{ rocksdb: { path: … } }` or `{ plugin: ./libhash.so, bytes: 4096 }`. */
export function readApplication(
  value: unknown,
  checker: Checker,
  { folder, applications }: ApplicationContext,
): ApplicationChoice | undefined {
  const refuseUnknown = (name: string, atKey: boolean): undefined => {
    if (applications === undefined || applications.includes(name)) return undefined;
    const known = oneOf([...applications, ...(atKey ? ['plugin'] : [])]);
    const at = atKey ? checker.at(name) : checker;
    return at.refuse(`expected ${known}, found ${misspelt(name, [...applications, 'plugin'])}`, atKey);
  };
  if (typeof value === 'string') {
    refuseUnknown(value, false);
    if (PARAMETERS.has(value)) return checker.refuse(`expected a map with its parameters: { ${value}: { … } }`);
    return { name: value };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return checker.refuse(`expected the name of an application, or a map with plugin, found ${show(value)}`);
  }
  const given = value as Record<string, unknown>;
  if (Object.hasOwn(given, 'plugin')) return readPlugin(given, checker, folder);
  const [name, ...others] = Object.keys(given);
  if (name === undefined || others.length > 0) {
    return checker.refuse(`expected one application, found ${others.length === 0 ? 'none' : others.length + 1}`);
  }
  refuseUnknown(name, true);
  const parameters = checker.at(name).map(PARAMETERS.get(name) ?? shapeOf(given[name]), given[name]);
  return parameters && { name, parameters: { ...DEFAULTS.get(name), ...defined(parameters) } };
}

function readPlugin(given: Record<string, unknown>, checker: Checker, folder: string): ApplicationChoice | undefined {
  const { plugin, ...parameters } = given;
  const path = checker.at('plugin').value(text, plugin);
  if (path === undefined) return undefined;
  return { name: path.split('/').at(-1)!, plugin: isAbsolute(path) ? path : join(folder, path), parameters };
}

/** A map with the keys that are there: any parameters. */
function shapeOf(value: unknown): Readonly<Record<string, Field<unknown>>> {
  const keys =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : ['a parameter'];
  return Object.fromEntries(keys.map((key) => [key, anything]));
}

function defined(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
}
