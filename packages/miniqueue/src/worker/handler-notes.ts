import type { MessageLease } from '../message-port.js'

interface Memo {
  readonly once: Readonly<Record<string, unknown>>
  readonly checkpoint?: unknown
}

/** What a handler notes about its job, kept in the memo of its lease: one JSON object. */
export class HandlerNotes {
  readonly #lease: MessageLease<unknown>
  readonly saved: unknown
  #memo: Memo
  /** One writing at a time: each replaces the whole memo. */
  #written: Promise<void> = Promise.resolve()
  readonly #running = new Map<string, Promise<unknown>>()

  constructor(lease: MessageLease<unknown>) {
    this.#lease = lease
    this.#memo = memoOf(lease.memo)
    this.saved = this.#memo.checkpoint
  }

  checkpoint(value: unknown): Promise<void> {
    this.#memo = { ...this.#memo, checkpoint: value }
    return this.#write()
  }

  once<V>(key: string, step: () => V | Promise<V>): Promise<V> {
    if (Object.hasOwn(this.#memo.once, key)) return Promise.resolve(this.#memo.once[key] as V)
    const running = this.#running.get(key) ?? this.#run(key, step)
    this.#running.set(key, running)
    return running as Promise<V>
  }

  async #run<V>(key: string, step: () => V | Promise<V>): Promise<V> {
    try {
      const value = await step()
      // `undefined` is kept as null: JSON has no other word for it.
      const once = { ...this.#memo.once, [key]: value ?? null }
      this.#memo = { ...this.#memo, once }
      await this.#write()
      return value
    } finally {
      this.#running.delete(key)
    }
  }

  #write(): Promise<void> {
    const memo = this.#memo
    this.#written = this.#written.catch(() => {}).then(() => this.#lease.save(memo))
    return this.#written
  }
}

function memoOf(value: unknown): Memo {
  if (typeof value !== 'object' || value === null || !('once' in value)) return { once: {} }
  return value as Memo
}
