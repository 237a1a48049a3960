import { expect, it } from 'vitest';
import { uselessAssertions } from './support/sources.js';

it('every `!` takes an undefined or a null away', { timeout: 240_000 }, () => {
  expect(uselessAssertions()).toEqual([]);
});
