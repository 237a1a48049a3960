/** Which columns of a log mean what: as asked for, or guessed from their names and the first rows. */

import { InputError } from '../../units/errors.js';
import { splitList, unquoted } from '../../units/lists.js';
import { visible } from '../../units/names.js';
import { unknownName } from '../../units/nearest.js';
import { readDecimal, readTime, TIME_FORMS, type TimeForm, UNITS } from './read-time.js';

/** What a person says of the columns. Names are those of the header, or numbers from 1 where there is none. */
export interface AskedColumns {
  readonly time?: { readonly column: string; readonly form?: string };
  readonly timeIs?: 'arrival' | 'completion';
  /** Several are joined by a space: method and path. A text is a list, unless it is a name as it stands. */
  readonly type?: readonly string[] | string;
  readonly duration?: { readonly column: string; readonly unit?: string };
  readonly service?: { readonly column: string; readonly unit?: string };
  readonly where?: readonly { readonly column: string; readonly value: string }[];
}

/** Where to find what, by the numbers of columns. */
export interface Columns {
  readonly names: readonly string[];
  readonly time: { readonly column: number; readonly form: TimeForm };
  readonly timeIs: 'arrival' | 'completion';
  /** None: all requests are of one type. */
  readonly type: readonly number[];
  /** The time that a request took, or its demand; `unitNs` is what the column's 1 is. */
  readonly duration: { readonly column: number; readonly unit: string; readonly unitNs: number };
  /** Is `duration` a demand? */
  readonly isService: boolean;
  readonly where: readonly { readonly column: number; readonly value: string }[];
}

const SERVICE_NAME = /service|demand|exec|cpu_?time|processing|busy/i;
const DURATION_NAME = new RegExp(
  'duration|latency|elapsed|(response|request|total)_?time|time_?taken|took|sojourn|' +
    '^resp(onse)?\\b|^(rt|ta|ms|millis)\\b|_(ms|us|ns|sec|seconds)$',
  'i',
);
const TIME_NAME = /time|^ts$|date|^t$|start|arriv|^end|^at$|msec|when|clock/i;
const END_NAME = /end|complet|finish|done|stop|msec|time_local|iso8601/i;
const TYPE_NAMES = [
  /^(type|request_?type|endpoint|route|operation_?name|operation|op|handler|action|command|func|function|rpc)$/i,
  /type|endpoint|route|operation|handler|function|span_?name/i,
  /^(request|uri|path|url|name|method|verb|key)$/i,
];
/** `GET /item/17`, or a path alone. */
const REQUEST = /^(?:[A-Z]{3,7} )?\/|^[A-Z]{3,7} https?:/;

/**
 * @param names of the columns
 * @param rows the first ones, as cells
 * @param usual what the format of the log says
 * @param fileName for messages
 * @throws InputError that says which option is missing
 */
export function findColumns(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  asked: AskedColumns,
  fileName: string,
): Columns {
  const column = (option: string, name: string): number => {
    const found = names.indexOf(name);
    if (found >= 0) return found;
    const number = Number(name);
    if (Number.isInteger(number) && number >= 1 && number <= names.length) return number - 1;
    const known = names.slice(0, MOST_SHOWN).map(shown);
    const unknown = unknownName('column', name.slice(0, LONGEST_SHOWN), known, `${fileName} has`);
    throw new InputError(`--${option}: ${unknown}`);
  };
  const values = (at: number) => rows.map((row) => row[at] ?? '').filter((text) => text !== '' && text !== '-');
  const time = asked.time
    ? timeOf(column('time', asked.time.column), asked.time.form, values, names, fileName)
    : guessTime(names, values, fileName);
  const length = lengthOf(names, values, asked, time.column, column, fileName);
  const type = asked.type
    ? typesAsked(asked.type, names).map((name) => column('type', name))
    : guessType(names, values, time.column, length);
  const { isService, ...duration } = length;
  return {
    names,
    time,
    timeIs: asked.timeIs ?? (END_NAME.test(names[time.column]!) ? 'completion' : 'arrival'),
    type,
    duration,
    isService,
    where: (asked.where ?? []).map(({ column: name, value }) => ({ column: column('where', name), value })),
  };
}

function typesAsked(asked: readonly string[] | string, names: readonly string[]): readonly string[] {
  if (typeof asked !== 'string') return asked;
  if (names.includes(asked)) return [asked];
  try {
    return splitList(asked, ',').map(unquoted);
  } catch (error) {
    throw new InputError(`--type: ${(error as Error).message}`);
  }
}

type Values = (column: number) => string[];

function timeOf(
  column: number,
  form: string | undefined,
  values: Values,
  names: readonly string[],
  fileName: string,
): Columns['time'] {
  const found = form === undefined ? formOf(names[column]!, values(column)) : spelled(form);
  if (found) return { column, form: found };
  throw new InputError(
    form === undefined
      ? `${fileName}: expected a form of time in --time ${shown(names[column]!)}:FORM, one of ${TIME_FORMS.join(', ')}`
      : `--time: expected one of ${TIME_FORMS.join(', ')}, found '${form}'`,
  );
}

/** `ns` is short for `epoch-ns`. */
function spelled(form: string): TimeForm | undefined {
  return TIME_FORMS.find((each) => each === form || each === `epoch-${form}`);
}

function guessTime(names: readonly string[], values: Values, fileName: string): Columns['time'] {
  const candidates = names.flatMap((name, column) => {
    // A duration is a number, too, but smaller.
    if (DURATION_NAME.test(name) && !/_(ns|us|ms)$/.test(name)) return [];
    const form = formOf(name, values(column));
    if (!form) return [];
    const isDate = form === 'iso' || form === 'clf' || isSince1970(values(column)[0]!, form);
    return isDate || /arriv|start|time|^ts$/i.test(name)
      ? [{ column, form, score: 2 * Number(isDate) + scoreOf(name, values(column)[0]!) }]
      : [];
  });
  const [best] = candidates.sort((a, b) => b.score - a.score || a.column - b.column);
  if (best) return { column: best.column, form: best.form };
  throw new InputError(
    `${fileName}: expected a column with the time of a request, found none among ${listed(names)}: ` +
      'add --time COLUMN:FORM',
  );
}

/** Prefers a start to an end, and times with a fraction to whole seconds. */
function scoreOf(name: string, first: string): number {
  return [TIME_NAME.test(name), /start|arriv/i.test(name), /[.,]\d{3}/.test(first)].filter(Boolean).length;
}

function formOf(name: string, values: readonly string[]): TimeForm | undefined {
  if (values.length === 0) return undefined;
  const fits = (form: TimeForm) => most(values, (text) => isTime(text, form));
  if (fits('iso')) return 'iso';
  if (fits('clf')) return 'clf';
  if (!fits('epoch-ns')) return undefined;
  const unit = unitIn(name);
  if (unit) return `epoch-${unit}` as TimeForm;
  const since = (['epoch-s', 'epoch-ms', 'epoch-us', 'epoch-ns'] as const).find((form) =>
    isSince1970(values[0]!, form),
  );
  return since ?? 'epoch-s';
}

/** Is it a moment from 2001 to 2096? */
function isSince1970(text: string, form: TimeForm): boolean {
  const moment = { seconds: 0, ns: 0 };
  const bytes = Buffer.from(text);
  return readTime(bytes, 0, bytes.length, form, moment) && moment.seconds >= 1e9 && moment.seconds < 4e9;
}

function isTime(text: string, form: TimeForm): boolean {
  const bytes = Buffer.from(text);
  return readTime(bytes, 0, bytes.length, form, { seconds: 0, ns: 0 });
}

/** The unit that a name ends in: `duration_ms`, `latencyMs`, `took(us)`. */
function unitIn(name: string): string | undefined {
  // That of nginx has seconds, with a fraction.
  if (name === 'msec') return 's';
  const spelled = /(?:[^a-z]|^)([nuµm])(?:sec|s)(?:onds?)?s?\)?$/i.exec(name)?.[1];
  if (spelled) return `${spelled.toLowerCase().replace('µ', 'u')}s`;
  const found = /(?:[^a-z]|^)(s)\)?$/i.exec(name)?.[1] ?? /[a-z](Ns|Us|Ms)$/.exec(name)?.[1];
  if (found) return found.toLowerCase();
  if (/nano/i.test(name)) return 'ns';
  if (/micro/i.test(name)) return 'us';
  if (/milli/i.test(name)) return 'ms';
  return /sec(ond)?s?\)?$/i.test(name) ? 's' : undefined;
}

function lengthOf(
  names: readonly string[],
  values: Values,
  asked: AskedColumns,
  time: number,
  column: (option: string, name: string) => number,
  fileName: string,
): Columns['duration'] & { readonly isService: boolean } {
  const isService = asked.service !== undefined;
  const given = asked.service ?? asked.duration;
  const option = isService ? 'service' : 'duration';
  const at = given ? column(option, given.column) : guessLength(names, values, time);
  if (at === undefined) {
    throw new InputError(
      `${fileName}: expected a column with the time that a request took, found none among ${listed(names)}: ` +
        'if there is one, say --duration COLUMN:UNIT; without it nobody can know the demand of a request, so log it',
    );
  }
  const unit =
    given?.unit ?? unitIn(names[at]!) ?? (/^(request|upstream_response)_time$/.test(names[at]!) ? 's' : 'ms');
  const unitNs = UNITS.get(unit);
  if (unitNs === undefined) {
    throw new InputError(`--${option}: expected a unit, one of ${[...UNITS.keys()].join(', ')}, found '${unit}'`);
  }
  return { column: at, unit, unitNs, isService: isService || (!given && SERVICE_NAME.test(names[at]!)) };
}

/** Columns, and characters of a name, that a message shows: a damaged header may have any number. */
const MOST_SHOWN = 20;
const LONGEST_SHOWN = 60;

/** The name of a column as a message shows it. */
export function shown(name: string): string {
  return visible(name.length > LONGEST_SHOWN ? `${name.slice(0, LONGEST_SHOWN)}…` : name);
}

function listed(names: readonly string[]): string {
  const more = names.length > MOST_SHOWN ? ` and ${names.length - MOST_SHOWN} more` : '';
  const some = names.slice(0, MOST_SHOWN).map((name) => `'${shown(name)}'`);
  return `${some.join(', ')}${more}`;
}

function guessLength(names: readonly string[], values: Values, time: number): number | undefined {
  const numeric = [...names.keys()].filter((at) => at !== time && isNumeric(values(at)));
  return numeric.find((at) => SERVICE_NAME.test(names[at]!)) ?? numeric.find((at) => DURATION_NAME.test(names[at]!));
}

function isNumeric(values: readonly string[]): boolean {
  return most(values, (text) => {
    const bytes = Buffer.from(text);
    return !Number.isNaN(readDecimal(bytes, 0, bytes.length));
  });
}

/** Are most of the values such? A few rows of a log may be broken. */
function most(values: readonly string[], isSuch: (text: string) => boolean): boolean {
  return values.length > 0 && values.filter(isSuch).length * 2 > values.length;
}

function guessType(names: readonly string[], values: Values, time: number, { column }: Columns['duration']): number[] {
  const free = [...names.keys()].filter((at) => at !== time && at !== column);
  const method = free.find((at) => /^(request_)?method$/i.test(names[at]!));
  const path = free.find((at) => /^(request_)?(uri|path|url|route|endpoint)$/i.test(names[at]!));
  if (method !== undefined && path !== undefined) return [method, path];
  for (const pattern of TYPE_NAMES) {
    const found = free.find((at) => pattern.test(names[at]!));
    if (found !== undefined) return [found];
  }
  const requests = free.find((at) => most(values(at), (text) => REQUEST.test(text)));
  if (requests !== undefined) return [requests];
  // The text with the fewest values, but more than one.
  const texts = free
    .map((at) => ({ at, distinct: new Set(values(at)).size, isText: !isNumeric(values(at)) }))
    .filter(({ isText, distinct }) => isText && distinct > 1)
    .sort((a, b) => a.distinct - b.distinct);
  return texts[0] && texts[0].distinct <= 20 ? [texts[0].at] : [];
}
