import { EnvironmentError } from '../../units/errors.js';

/** Optional, because only sweeps over several machines need them. */
const PACKAGES = ['bullmq', 'ioredis'];

/**
 * Loads what imports the packages of a queue.
 *
 * @throws EnvironmentError that says how to install them, when they are missing
 */
export async function withQueuePackages<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const missing = PACKAGES.find((name) => message.includes(`'${name}'`));
    if (code !== 'ERR_MODULE_NOT_FOUND' || missing === undefined) throw error;
    throw new EnvironmentError(`Redis needs ${missing}, which is not installed: npm install ${PACKAGES.join(' ')}`);
  }
}
