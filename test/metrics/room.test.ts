import { expect, it } from 'vitest';
import { leastRoom } from '../../src/metrics/room.js';

const entry = (atNs: number, groups: Readonly<Record<string, number>>) => {
  let next = 0;
  return {
    atNs,
    groups: Object.entries(groups).map(([types, workers]) => ({
      types: types.split('+'),
      workers: Array.from({ length: workers }, () => next++),
    })),
  };
};

const base = {
  typeNames: ['SHORT', 'MIDDLE', 'LONG'],
  demand: [0.2, 1.5, 2.2],
  window: { fromNs: 100, toNs: 200 },
};

it('has the types with the least room: a group with all longer ones', () => {
  const reservations = [entry(0, { SHORT: 1, MIDDLE: 1, LONG: 2 })];
  expect(leastRoom({ ...base, reservations })).toEqual({ types: ['MIDDLE', 'LONG'], needed: 3.7, had: 3 });
  expect(leastRoom({ ...base, demand: [0.2, 0.5, 2.2], reservations })).toEqual({
    types: ['LONG'],
    needed: 2.2,
    had: 2,
  });
});

it('counts workers over the window, however often the reservation changed', () => {
  const reservations = [
    entry(0, { 'SHORT+MIDDLE+LONG': 4 }),
    entry(50, { 'SHORT+MIDDLE': 3, LONG: 1 }),
    entry(150, { 'SHORT+MIDDLE': 2, LONG: 2 }),
    entry(175, { 'SHORT+MIDDLE': 1, LONG: 3 }),
    entry(300, { 'SHORT+MIDDLE': 3, LONG: 1 }),
  ];
  expect(leastRoom({ ...base, reservations })).toEqual({
    types: ['LONG'],
    needed: 2.2,
    had: (50 * 1 + 25 * 2 + 25 * 3) / 100,
  });
});

it('begins with the first reservation: before it all types share all workers', () => {
  const reservations = [entry(0, { 'SHORT+MIDDLE+LONG': 4 }), entry(180, { 'SHORT+MIDDLE': 2, LONG: 2 })];
  expect(leastRoom({ ...base, reservations })).toMatchObject({ types: ['LONG'], had: 2 });
});

it('leaves one worker to types that are in no group, and to a group that owns none', () => {
  const unknown = { ...base, typeNames: ['SHORT', 'LONG', 'UNKNOWN'], demand: [0.1, 0.5, 1.2] };
  expect(leastRoom({ ...unknown, reservations: [entry(0, { SHORT: 1, LONG: 3 })] })).toEqual({
    types: ['UNKNOWN'],
    needed: 1.2,
    had: 1,
  });
  const reservations = [entry(0, { SHORT: 3, MIDDLE: 1, LONG: 0 })];
  expect(leastRoom({ ...base, demand: [0.1, 0.1, 0.2], reservations })).toMatchObject({ had: 1 });
});

it('knows nothing without a reservation', () => {
  expect(leastRoom({ ...base, reservations: [] })).toBeUndefined();
  expect(leastRoom({ ...base, reservations: [entry(0, { 'SHORT+MIDDLE+LONG': 4 })] })).toBeUndefined();
  expect(
    leastRoom({ ...base, reservations: [entry(0, { SHORT: 4 })], window: { fromNs: 5, toNs: 5 } }),
  ).toBeUndefined();
});
