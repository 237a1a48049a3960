import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The folders that this process has made, each after those above it. */
const made: string[] = [];

/**
 * Makes a folder and those above it. Not with `recursive`, because Node then tries forever in a folder that accepts
 * nothing, such as /proc.
 */
export function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
    made.push(resolve(folder));
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Removes those that hold nothing: a command that ends with an error leaves no empty folder of results. */
export function removeEmptyFolders(): void {
  for (const folder of made.splice(0).reverse()) {
    try {
      rmdirSync(folder);
    } catch {
      // It holds something, or has gone.
    }
  }
}
