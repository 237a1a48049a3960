/** Has the process no file descriptors left? Then modules cannot be loaded either, so this one imports none. */
export function isOutOfFiles(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EMFILE' || code === 'ENFILE';
}

export const OUT_OF_FILES = 'too many open files: raise the limit with ulimit -n';
