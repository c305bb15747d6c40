import type { Log } from '@mini-rs/ministore'
import { MemoryLog, type LogSubject, type MemoryLogFault } from '@mini-rs/testkit'

const FAULTS = {
  unknownWritten: { kind: 'unknown', isWritten: true },
  unknownLost: { kind: 'unknown', isWritten: false },
  unavailable: { kind: 'unavailable' },
} satisfies Record<string, MemoryLogFault>

/** A {@link MemoryLog} with a second writer and scripted failures, for `logConformance`. */
export async function memorySubject(seed: number): Promise<LogSubject> {
  const limits = { maxRecordBytes: 1000, maxBatchBytes: 2500, maxBatchRecords: 40 }
  const cluster = MemoryLog.cluster<unknown>({ seed, limits })
  const log = cluster.connect()
  const opened: Log<unknown>[] = [log]
  const connect = (): Log<unknown> => {
    const one = cluster.connect()
    opened.push(one)
    return one
  }
  return {
    log,
    other: connect(),
    reopen: async () => connect(),
    failNext: (failure) => log.failNext(FAULTS[failure]),
    cleanUp: async () => {
      for (const one of opened) await one.close()
    },
  }
}
