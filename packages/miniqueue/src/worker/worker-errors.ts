/** Thrown by a handler: try again after so long, and do not count this attempt. */
export class RetryAfterError extends Error {
  readonly delayMs: number

  constructor(delayMs: number, message = `try again after ${delayMs} ms`, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RetryAfterError'
    this.delayMs = delayMs
  }
}

/** Thrown by a handler: trying again is pointless. The job is dead at once. */
export class NonRetryableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'NonRetryableError'
  }
}
