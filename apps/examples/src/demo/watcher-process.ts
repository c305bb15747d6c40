import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FromWatcher, Sighting, ToWatcher } from './messages.js'

export type Finished = FromWatcher & { kind: 'finished' }

/** A process that follows the state, from before the first writer to after the last. */
export interface WatcherProcess {
  readonly pid: number | undefined
  /** Ends it. Resolves to what it ended with. */
  finish(): Promise<Finished>
  /** Ends it in any case. */
  stop(): void
}

/** Resolves when it watches. `onSaw` is told as it sees. */
export async function startWatcher(
  folder: string,
  onSaw: (sighting: Sighting) => void,
): Promise<WatcherProcess> {
  const child = fork(fileURLToPath(new URL('watcher.ts', import.meta.url)))
  const ended = once(child, 'exit')
  let finished: Finished | undefined
  const isWatching = new Promise<void>((resolve, reject) => {
    child.on('message', (message: FromWatcher) => {
      if (message.kind === 'saw') onSaw(message.sighting)
      else if (message.kind === 'finished') finished = message
      else resolve()
    })
    void ended.then(() => reject(new Error('the watcher process ended early')))
  })
  const tell = (message: ToWatcher): void => void child.send(message, () => {})
  tell({ kind: 'watch', folder })
  await isWatching
  return {
    pid: child.pid,
    finish: async () => {
      tell({ kind: 'finish' })
      await ended
      if (finished === undefined) throw new Error('the watcher process ended early')
      return finished
    },
    stop: () => void child.kill(),
  }
}
