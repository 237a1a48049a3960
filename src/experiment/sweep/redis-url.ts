import { InputError } from '../../units/errors.js';

/** @throws InputError */
export function parseRedisUrl(text: string): string {
  if (/^rediss?:\/\/[^\s/]/.test(text) && URL.canParse(text)) return text;
  throw new InputError(`--redis: expected the address of Redis or Valkey, such as redis://host:6379, found '${text}'`);
}

/** The address without the password that may be in it. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
