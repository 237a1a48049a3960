import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Command } from 'commander';
import { PACKAGE_ROOT } from '../../experiment/package-info.js';
import { writeOutput } from '../../files/output-file.js';
import { EnvironmentError, InputError } from '../../units/errors.js';
import { EXIT } from '../failure.js';
import { abortOnSignal } from '../interrupt.js';
import { checkOutputs, outputTo } from '../output.js';
import { wholeNumber } from '../whole-number.js';

const EXAMPLES = `
Examples:
  psp lab                  serve the laboratory on this machine until Ctrl-C
  psp lab --out lab.html   one file that works from disk and from any web server`;

export function defineLab(command: Command): void {
  command
    .description(
      'Opens the laboratory: two policies on the same requests in a browser, with a guided tour and an editor for a ' +
        'policy of your own. Nothing leaves the browser.',
    )
    .option('--out <FILE>', 'write the page as one file instead of serving it')
    .option('--port <N>', 'port of 127.0.0.1 (default: one that is free)', wholeNumber('--port', 1, 65535))
    .addHelpText('after', EXAMPLES)
    .action(async ({ out, port }: { out?: string; port?: number }) => {
      if (out !== undefined && port !== undefined) {
        throw new InputError('expected only one of --out and --port, found both');
      }
      const page = readFileSync(join(PACKAGE_ROOT, 'dist/lab/lab.html'));
      if (out === undefined) process.exitCode = await serveUntilSignal(page, port ?? 0);
      else {
        checkOutputs({ '--out': out });
        writeOutput(out, page);
        outputTo(process.stdout).write(`${out}: ${Math.ceil(page.length / 1000)} kB\n`);
      }
    });
}

async function serveUntilSignal(page: Uint8Array, port: number): Promise<number> {
  const server = createServer((request, response) => {
    const isPage = request.url === '/' && (request.method === 'GET' || request.method === 'HEAD');
    response.writeHead(isPage ? 200 : 404, { 'content-type': isPage ? 'text/html; charset=utf-8' : 'text/plain' });
    response.end(isPage ? page : 'not found\n');
  });
  const { signal, undo } = abortOnSignal();
  try {
    outputTo(process.stdout).write(
      `psp laboratory: http://127.0.0.1:${await listenAt(server, port)}/ (Ctrl-C ends it)\n`,
    );
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    return EXIT.interrupted;
  } finally {
    server.close();
    server.closeAllConnections();
    undo();
  }
}

/** Returns the port. @throws EnvironmentError when it is taken */
function listenAt(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new EnvironmentError(
          `port ${port}: cannot be listened at (${error.code ?? error.message}): use another --port`,
        ),
      ),
    );
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
