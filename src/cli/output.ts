import { accessSync, constants, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { reasonOf } from '../files/cannot-read.js';
import { makeFolder } from '../files/folders.js';
import { type Content, fileIdentity, writeOutput } from '../files/output-file.js';
import { COLOUR, codesOf, PLAIN, type Style, WIDTH } from '../report/text/style.js';
import { InputError } from '../units/errors.js';
import { visibleLines } from '../units/names.js';
import { canRewrite, clearProgress } from './progress.js';

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns that a line may have. */
  readonly width: number;
  readonly style: Style;
}

/**
 * Where text for people goes. Colours only where the terminal shows them and the user wants them; nothing else acts on
 * it.
 */
export function outputTo(stream: NodeJS.WriteStream): Output {
  const style = canRewrite(stream) && !process.env.NO_COLOR ? COLOUR : PLAIN;
  const codes = codesOf(style);
  return {
    write: (text) => {
      clearProgress();
      stream.write(visibleLines(text, codes));
    },
    isTerminal: stream.isTTY === true,
    width: (stream.isTTY && stream.columns) || WIDTH,
    style,
  };
}

/** The value of `--json` that means stdout. */
const STDOUT = '-';

/** The stream for the table: stdout, or stderr if the JSON goes to stdout. */
export function outputBeside(json: string | undefined): Output {
  return outputTo(json === STDOUT ? process.stderr : process.stdout);
}

/**
 * Writes JSON to the file of `--json`, if it is given.
 *
 * @throws EnvironmentError when the file cannot be written
 */
export function sendJson(json: string | undefined, value: unknown): void {
  if (json !== undefined) send(json, `${JSON.stringify(value, null, 2)}\n`);
}

/** Writes a long or existing text to a file or to stdout. @throws EnvironmentError */
export function send(file: string, content: Exclude<Content, Uint8Array>): void {
  if (file !== STDOUT) writeOutput(file, content);
  else for (const piece of typeof content === 'string' ? [content] : content) process.stdout.write(piece);
}

/**
 * A file of one of these kinds.
 *
 * @param option that the message names
 * @throws InputError
 */
export function withEnding(option: string, file: string, endings: readonly string[]): string {
  if (endings.includes(endingOf(file))) return file;
  const expected = endings.map((each) => `.${each}`).join(' or ');
  throw new InputError(`${option}: expected a file whose name ends in ${expected}, found '${file}'`);
}

/** What kind of file a name asks for: `svg`. */
export function endingOf(file: string): string {
  return /\.(\w+)$/.exec(file)?.[1]?.toLowerCase() ?? '';
}

/** The kinds of file that a picture can be. */
export const PICTURES: readonly string[] = ['svg', 'png', 'pdf'];

/** Writes a picture in the format that the file's ending names. @throws EnvironmentError */
export async function writePicture(file: string, svg: string): Promise<void> {
  writeOutput(file, await drawn(endingOf(file), svg));
}

/** Renderers are loaded only when needed: they bring fonts. */
async function drawn(ending: string, svg: string): Promise<Content> {
  if (ending === 'png') return (await import('../report/png.js')).svgToPng(svg);
  if (ending === 'pdf') return (await import('../report/pdf.js')).svgToPdf(svg);
  return svg;
}

/** The files that a command will write, by option. */
export type Outputs = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Checks the files that a command will write, before anything runs: each can be written, the command does not read it,
 * and all differ.
 *
 * @param inputs the files that the command reads
 * @throws InputError
 */
export function checkOutputs(outputs: Outputs, inputs: readonly string[] = []): void {
  const reader = new Set(inputs.map(fileIdentity).filter((identity) => identity !== undefined));
  const writers = new Map<string, string>();
  for (const [option, value = []] of Object.entries(outputs)) {
    for (const path of [value].flat()) {
      if (path === STDOUT) continue;
      checkWritable(path, option);
      const identity = fileIdentity(path);
      if (identity === undefined) continue;
      const other = writers.get(identity);
      if (other !== undefined) throw new InputError(`${option}: expected another file than ${other}, found ${path}`);
      if (reader.has(identity)) {
        throw new InputError(`${option}: expected a file that this command does not read, found ${path}`);
      }
      writers.set(identity, option);
    }
  }
}

/** Throws if the file cannot be written, without changing it. @throws InputError */
function checkWritable(path: string, option: string): void {
  if (path === '') throw new InputError(`${option}: expected a file, found nothing`);
  const folder = dirname(path);
  try {
    if (!statSync(folder).isDirectory()) throw new InputError(`${path}: cannot be written: ${folder} is not a folder`);
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new InputError(`${path}: cannot be written: it is a folder`);
    if (existing) accessSync(path, constants.W_OK);
    // The content is first written to a file beside it.
    if (!existing || existing.isFile()) accessSync(folder, constants.W_OK);
  } catch (error) {
    if (error instanceof InputError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new InputError(`${path}: cannot be written: there is no folder ${folder}`);
    }
    throw new InputError(`${path}: cannot be written: ${reasonOf(error)}`);
  }
}

/**
 * Makes a folder if it is missing, and checks the files that will be written into it.
 *
 * @param inputs the files that the command reads
 * @throws InputError when it cannot be made, or a file of it cannot be written
 */
export function checkFolder(
  option: string,
  folder: string,
  names: readonly string[],
  inputs: readonly string[] = [],
): void {
  if (folder === '') throw new InputError(`${option}: expected a folder, found nothing`);
  try {
    makeFolder(folder);
  } catch (error) {
    throw new InputError(`${folder}: cannot be made: ${reasonOf(error)}`);
  }
  checkOutputs({ [option]: names.map((name) => join(folder, name)) }, inputs);
}
