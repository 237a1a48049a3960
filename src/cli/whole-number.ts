import { InputError } from '../units/errors.js';

/** Reads the value of an option that counts something. */
export function wholeNumber(option: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InputError(`${option}: expected a whole number from ${least} to ${most}, found '${text}'`);
  };
}
