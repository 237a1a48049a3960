/** Files of policies that other files name: paths from the folder of that file, and from the working directory. */

import { isAbsolute, join, relative } from 'node:path';
import { isPolicyFile } from '../../scheduler/policy-registry.js';
import { quoted, splitList, unquoted } from '../../units/lists.js';

/** A path from the working directory, of one that is written in a file of `folder`. */
export function pathIn(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

/** The path of a policy's file from the working directory; a package stays. */
export function policyFileIn(folder: string, file: string): string {
  if (/^pkg(:|$)/.test(file)) return file;
  return typedPath(pathIn(folder, unquoted(file)));
}

/** A policy as it is typed in a file of `folder`, as it is typed in the working directory. */
export function policyIn(folder: string, policy: string): string {
  return withFile(policy, (file) => policyFileIn(folder, file));
}

/** The opposite of {@link policyIn}: for a file that is written into `folder`. */
export function policyFor(folder: string, policy: string): string {
  return withFile(policy, (file) => (isAbsolute(unquoted(file)) ? file : typedPath(relative(folder, unquoted(file)))));
}

/** A policy as it is typed, with another file. */
export function withFile(policy: string, change: (file: string) => string): string {
  if (!isPolicyFile(policy)) return policy;
  const [file = '', ...rest] = splitList(policy, ':');
  return file === 'pkg' ? policy : [change(file), ...rest].join(':');
}

/** A path as the file of a policy is typed. */
export function typedPath(path: string): string {
  return quoted(/^[./]/.test(path) ? path : `./${path}`, ',:');
}
