import { MiniStore } from '@mini-rs/ministore'
import { makeDirectories } from '@mini-rs/ministore/fs'
import { Ledger } from '../ledger/ledger.js'
import { decodeRecord } from '../records/record-decoder.js'
import { lineOf } from '../records/record-line.js'
import type { QueueRecord, Unsettled } from '../records/record-types.js'
import { Bodies } from './bodies.js'
import { Changes } from './changes.js'
import type { Core } from './core.js'
import { isDiskFull } from './disk-full.js'
import { Journal, type JournalEvents } from './journal.js'
import { IndexSnapshots } from './index-snapshots.js'
import { KeepAlive } from './keep-alive.js'
import { LeaseFile } from './lease-file.js'
import { journalPath, leasesPath } from './places.js'
import { QueueClock } from './queue-clock.js'
import type { MiniQueueSettings } from './queue-options.js'
import { Reserve } from './reserve.js'

const LEAST_RESERVE_BYTES = 1024 * 1024
const RESERVE_BYTES_PER_JOB = 200

/** What the one who opens brings along. */
export interface CoreEvents extends JournalEvents {
  readonly onClockJump: (byMs: number) => void
  /** The leases that are held now, for the lease file. */
  readonly held: () => Iterable<Unsettled>
}

/** What opening found. */
export interface OpenedCore {
  readonly core: Core
  /** Jobs that were running when the process died. */
  readonly crashed: number
}

/** Opens a queue's files, step by step: the log, what it says, what was running, the reserve. */
export async function openCore(
  directory: string,
  settings: MiniQueueSettings,
  events: CoreEvents,
): Promise<OpenedCore> {
  const { fileSystem, clock: machineClock } = settings
  // It makes the folder, or says in its own words what is in the way.
  const log = await openLog(directory, settings)
  try {
    await makeDirectories(fileSystem, directory)
    const bodies = new Bodies(settings.memoryBudgetBytes)
    bodies.readFrom(log)
    const index = new IndexSnapshots(directory, fileSystem)
    const makeLedger = (): Ledger => new Ledger(bodies, settings.dedupWindow)
    const { ledger, seq } = await index.restore(makeLedger, log)
    await replay(log, ledger, machineClock.now(), seq)
    const clock = new QueueClock(machineClock, ledger.newestMs, events.onClockJump)
    ledger.jobs.advance(clock.now(), clock.wallMs())
    const reserve = new Reserve(fileSystem, directory)
    const reserveBytes = (): number => reserveBytesOf(ledger)
    const journal = new Journal({ log, ledger, clock, reserve, reserveBytes, events })
    const crashed = await strike(directory, settings, ledger, journal, clock)
    const leaseFile = await LeaseFile.create(fileSystem, leasesPath(directory), {
      isSynced: settings.strictAttempts,
      held: events.held,
    })
    await fillReserve(reserve, reserveBytes())
    const keepAlive = new KeepAlive()
    const shared = { directory, settings, log, ledger, bodies, journal, clock, index }
    const changes = new Changes()
    return { core: { ...shared, leaseFile, keepAlive, changes, random: Math.random }, crashed }
  } catch (error) {
    await log.close()
    throw error
  }
}

function openLog(
  directory: string,
  { durability, syncOn, maxSegmentBytes, fileSystem, clock }: MiniQueueSettings,
): Promise<MiniStore<unknown, QueueRecord>> {
  const options = { durability, syncOn, maxSegmentBytes, fileSystem, clock, stringify: lineOf }
  return MiniStore.open(journalPath(directory), options) as Promise<MiniStore<unknown, QueueRecord>>
}

/** Applies every record behind `after`. */
async function replay(
  log: Pick<MiniStore<unknown, QueueRecord>, 'batches' | 'path'>,
  ledger: Ledger,
  nowMs: number,
  after = 0,
): Promise<void> {
  for await (const { firstSeq, records } of log.batches(after === 0 ? {} : { from: after + 1 })) {
    for (const [index, value] of records.entries()) {
      const seq = firstSeq + index
      ledger.apply(seq, decodeRecord(value, seq, log.path), nowMs)
    }
  }
}

/** Writes down what was running when the process died: a strike each. The lease file is not needed after it. */
async function strike(
  directory: string,
  { fileSystem }: MiniQueueSettings,
  ledger: Ledger,
  journal: Journal,
  clock: QueueClock,
): Promise<number> {
  const noted = await LeaseFile.read(fileSystem, leasesPath(directory))
  const newest = new Map<number, number>()
  for (const { of, attempt } of noted) newest.set(of, Math.max(attempt, newest.get(of) ?? 0))
  const { table } = ledger.jobs
  const jobs = [...newest].flatMap(([of, attempt]) => {
    const slot = table.ofSeq(of)
    if (slot === undefined || table.attempt(slot) >= attempt) return []
    const status = table.status(slot)
    return status === 'waiting' || status === 'delayed' ? [{ of, attempt }] : []
  })
  if (jobs.length === 0) return 0
  const inRow = ledger.crashesInRow + 1
  await journal.settle([{ crash: { jobs, inRow, atMs: clock.now() } }])
  return jobs.length
}

function reserveBytesOf(ledger: Ledger): number {
  const active = ledger.jobs.queues.reduce((sum, { counts }) => sum + counts.active, 0)
  return LEAST_RESERVE_BYTES + active * RESERVE_BYTES_PER_JOB
}

/** A disk that is full at opening leaves the queue full until there is room. */
async function fillReserve(reserve: Reserve, sizeBytes: number): Promise<void> {
  try {
    await reserve.fill(sizeBytes)
  } catch (error) {
    if (!isDiskFull(error)) throw error
    await reserve.release()
  }
}
