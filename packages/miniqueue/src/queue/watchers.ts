import type { MiniQueueError } from '../errors.js'

/** Something to be looked at again whenever the journal has grown. */
interface Watcher {
  readonly look: () => void
  readonly fail: (error: unknown) => void
}

/** Whoever waits for something to become true of the durable state. */
export class Watchers {
  readonly #watchers = new Set<Watcher>()

  /** Resolves to the first answer that is not undefined; asked now, and after every commit. */
  when<Answer>(ask: () => Answer | undefined, signal?: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const now = ask()
      if (now !== undefined) return resolve(now)
      const end = (): void => {
        this.#watchers.delete(watcher)
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = (): void => {
        end()
        reject(signal?.reason as Error)
      }
      const watcher: Watcher = {
        look: () => {
          try {
            const answer = ask()
            if (answer === undefined) return
            end()
            resolve(answer)
          } catch (error) {
            watcher.fail(error)
          }
        },
        fail: (error) => {
          end()
          reject(error as Error)
        },
      }
      this.#watchers.add(watcher)
      signal?.addEventListener('abort', onAbort)
    })
  }

  look(): void {
    for (const { look } of this.#watchers) look()
  }

  fail(error: MiniQueueError): void {
    for (const { fail } of this.#watchers) fail(error)
  }
}
