import { lookUp } from '../../units/names.js';

/**
 * Colours that people with any of the common kinds of colour blindness can tell apart: M. Okabe and K. Ito, "Color
 * Universal Design" (2008), its yellow left out, which is too pale for a line on white. A policy or system has the same
 * one in every picture.
 */
const COLORS = {
  blue: '#0072b2',
  vermillion: '#d55e00',
  green: '#009e73',
  purple: '#cc79a7',
  orange: '#e69f00',
  sky: '#56b4e9',
  black: '#444444',
} as const;

/** Of request types, where areas are filled: with the yellow, which is too pale only for lines. */
export const TYPE_COLORS: readonly string[] = [
  COLORS.blue,
  COLORS.orange,
  COLORS.green,
  COLORS.purple,
  COLORS.sky,
  COLORS.vermillion,
  '#f0e442',
];

/** The blue of curves and bars on a dark ground, where the other would be dim. */
export const BLUE_ON_DARK = '#4ba6e6';

/** {@link TYPE_COLORS} on a dark ground; the sky blue is paler there, to differ from the blue. */
export const TYPE_COLORS_ON_DARK: readonly string[] = TYPE_COLORS.map((color) =>
  color === COLORS.blue ? BLUE_ON_DARK : color === COLORS.sky ? '#b8e2fa' : color,
);

type Color = keyof typeof COLORS;

/** By policy and by system, and by itself. A system shares the colour of the policy it is known for. */
const FIXED: Readonly<Record<string, Color>> = {
  ...(Object.fromEntries(Object.keys(COLORS).map((color) => [color, color])) as Record<Color, Color>),
  darc: 'blue',
  persephone: 'blue',
  'c-fcfs': 'vermillion',
  shenango: 'vermillion',
  'd-fcfs-steal': 'vermillion',
  'd-fcfs': 'purple',
  'shenango-d-fcfs': 'purple',
  ts: 'green',
  'ts-mq': 'green',
  shinjuku: 'green',
  'darc-static': 'sky',
  sjf: 'orange',
  srpt: 'black',
  ps: 'black',
};

export function isPaletteName(name: string): boolean {
  return Object.hasOwn(FIXED, name);
}

/** Marks tell series apart where colours do not. */
export const MARKS = ['circle', 'square', 'triangle', 'diamond'] as const;
export type Mark = (typeof MARKS)[number];

export interface SeriesLook {
  readonly color: string;
  readonly mark: Mark;
}

/**
 * How each series looks: the colour of its policy or system when it has one (`ts:quantum=5us` that of `ts`,
 * `shinjuku/ts` that of `shinjuku`) and no other series of the chart has taken it, else a free one.
 *
 * @param names of the palette, without repetition
 */
export function looks(names: readonly string[]): Map<string, SeriesLook> {
  const colors = new Map<string, Color>();
  const taken = new Set<Color>();
  const give = (name: string, color: Color) => {
    colors.set(name, color);
    taken.add(color);
  };
  for (const exact of [true, false]) {
    for (const name of names) {
      const color = lookUp(FIXED, exact ? name : name.split(/[/:,]/)[0]!);
      if (color && !taken.has(color) && !colors.has(name)) give(name, color);
    }
  }
  const all = Object.keys(COLORS) as Color[];
  for (const name of names) {
    if (!colors.has(name)) give(name, all.find((color) => !taken.has(color)) ?? all[colors.size % all.length]!);
  }
  return new Map(names.map((name, i) => [name, { color: COLORS[colors.get(name)!], mark: MARKS[i % MARKS.length]! }]));
}
