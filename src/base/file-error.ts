/** A file operation failed before anything was visible to others. */
export class FileError extends Error {
  override readonly name = "FileError";
  /** errno name, e.g. `ENOSPC`. */
  readonly errno: string;

  constructor(
    readonly operation: string,
    readonly path: string,
    cause: unknown,
  ) {
    const errno = (cause as NodeJS.ErrnoException).code ?? (cause as Partial<FileError>).errno ?? "unknown";
    super(`cannot ${operation} ${path}: ${errno}`, { cause });
    this.errno = errno;
  }
}

/** The change is visible, but the disk has not confirmed it: after a power cut the old content may be back. */
export class NotDurable extends Error {
  override readonly name = "NotDurable";
  readonly errno: string;

  constructor(
    readonly path: string,
    cause: unknown,
  ) {
    const errno = (cause as NodeJS.ErrnoException).code ?? (cause as FileError).errno;
    super(`${path} is changed, but its folder could not be synced to the disk: ${errno}`, { cause });
    this.errno = errno;
  }
}

/** Runs a file operation. @throws FileError */
export function attempt<T>(operation: string, path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(operation, path, error);
  }
}
