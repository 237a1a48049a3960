import { InputError } from '../../units/errors.js';

/** @throws InputError */
export function parseRedisUrl(text: string): string {
  const url = /^rediss?:\/\/[^\s/]/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (!url) {
    throw new InputError(
      `--redis: expected the address of Redis or Valkey, such as redis://host:6379, found '${text}'`,
    );
  }
  if (/^\/?\d{0,4}$/.test(url.pathname)) return text;
  throw new InputError(
    `--redis: expected the number of a database behind the host, such as redis://host:6379/2, found '${url.pathname}'`,
  );
}

/** The address without the password that may be in it. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
