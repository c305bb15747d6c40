/** What went wrong with a {@link MemoryQueue}. */
export type QueueErrorCode = 'LEASE_LOST' | 'QUEUE_CLOSED' | 'PAYLOAD_TOO_LARGE'

/** As every error behind the ports: a code, and whether the call has changed anything. */
export class QueueError extends Error {
  readonly code: QueueErrorCode
  readonly outcome: 'absent' | 'unknown'

  constructor(code: QueueErrorCode, message: string, outcome: 'absent' | 'unknown' = 'absent') {
    super(message)
    this.name = 'QueueError'
    this.code = code
    this.outcome = outcome
  }
}
