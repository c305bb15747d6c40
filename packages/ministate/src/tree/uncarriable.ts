/** Thrown for a value that a file could not carry; whoever knows the place turns it into the package's error. */
export class Uncarriable extends Error {
  readonly what: string
  /** Inside the value, `''` being the value itself. */
  path = ''

  constructor(what: string) {
    super(what)
    this.name = 'Uncarriable'
    this.what = what
  }

  /** Adds the part of the path that only the caller knows, and throws on. */
  static rethrow(error: unknown, pathPart: string): never {
    if (error instanceof Uncarriable) error.path = `${pathPart}${error.path}`
    throw error
  }
}
