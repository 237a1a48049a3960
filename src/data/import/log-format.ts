/**
 * Access logs of nginx, HAProxy and Envoy: their default lines, and a given `log_format`. A format becomes a regular
 * expression with a cell for each variable.
 */

import { InputError } from '../../units/errors.js';
import type { AskedColumns } from './columns.js';

/** A kind of line. */
export interface LineFormat {
  readonly name: string;
  readonly columns: readonly string[];
  /** What its columns mean where nobody says otherwise. */
  readonly usual: AskedColumns;
  /** The cells of a line, in the order of the columns; undefined when the line has another form. */
  cellsOf(line: string): string[] | undefined;
}

/** nginx, "Module ngx_http_log_module": `combined`, and what people add to it. */
const NGINX_COMBINED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';
/** Envoy, "Access logging", default format string. */
const ENVOY_DEFAULT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" ' +
  '"%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"';
/** HAProxy 2.x, "Configuration Manual", section 8.2.3: HTTP log format, and 8.2.2: TCP log format. */
const HAPROXY_HTTP =
  '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r';
const HAPROXY_TCP = '%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq';

interface Dialect {
  readonly name: string;
  /** A variable; its name is in one of the groups. */
  readonly variable: RegExp;
  readonly usual: AskedColumns;
  /** Text that may stand before a line, such as that of syslog. */
  readonly before?: string;
}

const NGINX: Dialect = {
  name: 'nginx',
  variable: /\$\{?(\w+)\}?/g,
  // nginx writes a line when the request has ended.
  usual: { timeIs: 'completion' },
};
const HAPROXY: Dialect = {
  name: 'haproxy',
  variable: /%(?:\{[^}]*\})?(?:\[([^\]]+)\]|([a-zA-Z]+))/g,
  usual: { timeIs: 'arrival' },
  before: '(?:.*?\\]: )?',
};
const ENVOY: Dialect = {
  name: 'envoy',
  variable: /%([A-Z_]+(?:\([^)]*\))?(?::\d+)?)%/g,
  usual: { timeIs: 'arrival' },
};

/** What a variable is called among the columns, where another name says more. */
const COLUMN_NAMES: ReadonlyMap<string, string> = new Map([
  ['REQ(:METHOD)', 'method'],
  ['REQ(X-ENVOY-ORIGINAL-PATH?:PATH)', 'path'],
  ['REQ(:PATH)', 'path'],
  ['START_TIME', 'start_time'],
  ['DURATION', 'duration_ms'],
  ['RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)', 'upstream_ms'],
  ['tr', 'time'],
  ['t', 'time'],
  ['Ta', 'duration_ms'],
  ['Tt', 'duration_ms'],
  ['r', 'request'],
  ['b', 'backend'],
]);

/** Headers that HAProxy leaves out where it captures none. */
const OPTIONAL: ReadonlySet<string> = new Set(['hr', 'hs']);

/** The formats that are known without being given. */
export const KNOWN_FORMATS: readonly LineFormat[] = [
  compile(ENVOY, ENVOY_DEFAULT),
  compile(HAPROXY, HAPROXY_HTTP, { type: ['request'] }),
  compile(HAPROXY, HAPROXY_TCP, { type: ['backend'] }),
  compile(NGINX, `${NGINX_COMBINED} $request_time $upstream_response_time`),
  compile(NGINX, `${NGINX_COMBINED} $request_time`),
  compile(NGINX, NGINX_COMBINED),
];

/**
 * The format that a person gives, in the words of nginx, HAProxy or Envoy.
 *
 * @throws InputError when it has no variable
 */
export function givenFormat(text: string): LineFormat {
  const dialect = [ENVOY, NGINX, HAPROXY].find(({ variable }) => text.match(variable));
  if (dialect) return compile(dialect, text);
  throw new InputError(
    '--log-format: expected a format with variables of nginx ($request_time), HAProxy (%Ta) or Envoy (%DURATION%), ' +
      `found '${text}'`,
  );
}

function compile({ name, variable, usual, before = '' }: Dialect, format: string, more: AskedColumns = {}): LineFormat {
  const columns: string[] = [];
  let pattern = `^${before}`;
  let end = 0;
  let wasOptional = false;
  for (const match of format.matchAll(variable)) {
    const between = escaped(format.slice(end, match.index));
    pattern += wasOptional ? between.replaceAll('\\s+', '\\s*') : between;
    end = match.index + match[0].length;
    const found = match[1] ?? match[2] ?? '';
    const column = COLUMN_NAMES.get(found) ?? found;
    wasOptional = OPTIONAL.has(found);
    columns.push(columns.includes(column) ? `${column}_${columns.length + 1}` : column);
    pattern += cellPattern(match[0], format[match.index - 1], format[end], found);
  }
  const line = new RegExp(`${pattern}${escaped(format.slice(end))}\\s*$`);
  return {
    name,
    columns,
    usual: { ...usual, ...more },
    cellsOf: (text) =>
      line
        .exec(text)
        ?.slice(1)
        .map((cell) => cell ?? ''),
  };
}

/** What a variable may be: up to the character that follows it in the format. */
function cellPattern(variable: string, before: string | undefined, after: string | undefined, name: string): string {
  // HAProxy puts quotes around it itself.
  if (variable.startsWith('%{+Q}')) return '"((?:[^"\\\\]|\\\\.)*)"';
  if (OPTIONAL.has(name)) return '(\\{[^}]*\\})?';
  if (name === 'ci') return '(\\S*)';
  if (before === '"' && after === '"') return '((?:[^"\\\\]|\\\\.)*)';
  if (before === '[' && after === ']') return '([^\\]]*)';
  if (after === undefined) return '(.*?)';
  return after === ' ' ? '(\\S*)' : `([^${escaped(after)}\\s]*)`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&').replace(/\s+/g, '\\s+');
}
