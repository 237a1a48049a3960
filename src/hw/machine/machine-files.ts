import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The files of a machine; one that is not there is undefined. */
export class Machine {
  constructor(private readonly root: string) {}

  private at(path: string): string {
    return join(this.root, path);
  }
  has(path: string): boolean {
    return existsSync(this.at(path));
  }
  read(path: string): string | undefined {
    try {
      return readFileSync(this.at(path), 'utf8');
    } catch {
      return undefined;
    }
  }
  list(path: string): string[] {
    try {
      return readdirSync(this.at(path)).sort();
    } catch {
      return [];
    }
  }
  link(path: string): string | undefined {
    try {
      return basename(readlinkSync(this.at(path)));
    } catch {
      return undefined;
    }
  }
}
