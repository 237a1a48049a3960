import { expect, it } from 'vitest';
import { uselessAssertions } from './support/sources.js';

it('every `!` takes an undefined or a null away', () => {
  expect(uselessAssertions()).toEqual([]);
});
