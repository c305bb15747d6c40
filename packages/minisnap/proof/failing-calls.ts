import { MiniStore } from '@mini-rs/ministore'
import { MiniSnapError, SnapStore, compact } from '@mini-rs/minisnap'
import { type Call, CrashFileSystem, type ProofRow, SeededChoices, errno } from '@mini-rs/testkit'

const JOURNAL = '/data/journal.jsonl'
const FOLDER = '/data/snapshots'
const RECORDS = 30

type Ids = readonly number[]

/** One error at each single call of a program that appends, takes snapshots and compacts. */
export const failingCalls: ProofRow = {
  name: 'failing-calls',
  fault:
    'EIO, ENOSPC or a short write at every single file-system call of create, prune and compact',
  unit: 'runs',
  amountUnit: 'seeds',
  pass: 'a snapshot that was acknowledged is there; one that was not harms nothing; the next call finishes the work',
  kind: 'all',
  inTest: 2,
  inProve: 40,
  shard: 1,
  run: (_seed, seeds) => failEachCall(seeds),
}

/** What happens at one call. */
interface Fault {
  readonly code: 'EIO' | 'ENOSPC'
  /** Of a write: this many bytes get through first. */
  readonly takeBytes?: number
}

const FAULTS: readonly Fault[] = [
  { code: 'EIO' },
  { code: 'ENOSPC' },
  { code: 'ENOSPC', takeBytes: 37 },
]

async function failEachCall(seeds: number): Promise<{ count: number; failures: string[] }> {
  const failures: string[] = []
  let count = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const clean = new Program(seed)
    await clean.run()
    for (let at = 0; at < clean.calls; at++) {
      for (const fault of FAULTS) {
        count++
        const failure = await failureOf(seed, at, fault)
        if (failure !== undefined) {
          failures.push(`seed ${seed}, ${JSON.stringify(fault)} at call ${at}: ${failure}`)
        }
      }
    }
  }
  return { count, failures: failures.slice(0, 10) }
}

async function failureOf(seed: number, at: number, fault: Fault): Promise<string | undefined> {
  const program = new Program(seed)
  program.failAt(at, fault)
  try {
    await program.run()
    await program.verify()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Appends, takes snapshots and compacts, by its seed; goes on after what fails. */
class Program {
  readonly disk: CrashFileSystem
  readonly #choices: SeededChoices
  #isPowerCut = false
  #acknowledged = 0
  calls = 0

  constructor(seed: number) {
    this.#choices = new SeededChoices(seed)
    this.disk = new CrashFileSystem({ choices: new SeededChoices(seed) })
    this.disk.hook = () => void this.calls++
  }

  failAt(at: number, { code, takeBytes }: Fault): void {
    let hasTaken = false
    this.disk.hook = (call: Call, path: string, sizeBytes: number) => {
      const index = this.calls++
      if (index !== at && !(hasTaken && index === at + 1)) return undefined
      const isPart = call === 'write' && takeBytes !== undefined && takeBytes < sizeBytes
      if (isPart && index === at) {
        hasTaken = true
        return takeBytes
      }
      throw errno(code, path)
    }
  }

  async run(): Promise<void> {
    const snapshots = new SnapStore<Ids>(FOLDER, { fileSystem: this.disk })
    let log = await this.#open()
    for (let step = 0; step < RECORDS; step++) {
      if (log === undefined || log.status !== 'open') log = await this.#open()
      await log?.append(log.lastSeq + 1).catch(() => undefined)
      if (log === undefined || this.#choices.choose(4) !== 0) continue
      await this.#snapshot(snapshots, log)
      if (this.#choices.choose(2) === 0) await compact(log, snapshots).catch(assertOurs)
    }
    await log?.close().catch(() => undefined)
    this.#isPowerCut = this.#choices.choose(2) === 0
  }

  async verify(): Promise<void> {
    const { disk } = this
    const left = this.#isPowerCut
      ? disk.powerCutAt(disk.position, new SeededChoices(1))
      : disk.killedAt(disk.position)
    const log = await MiniStore.open<number>(JOURNAL, { fileSystem: left })
    const snapshots = new SnapStore<Ids>(FOLDER, { fileSystem: left })
    const restored = await snapshots.tryRestore()
    if ((restored?.seq ?? 0) < this.#acknowledged) {
      throw new Error(`acknowledged a snapshot of ${this.#acknowledged}, restored ${restored?.seq}`)
    }
    const ids = [...(restored?.state ?? [])]
    for await (const { record } of log.entries({ from: ids.length + 1 })) ids.push(record)
    if (ids.length !== log.lastSeq || ids.some((id, index) => id !== index + 1)) {
      throw new Error(`folded ${JSON.stringify(ids)}, and the log ends with ${log.lastSeq}`)
    }
    await snapshots.create(ids, log.lastSeq, { log })
    await compact(log, snapshots)
    await log.close()
    const leftovers = left.paths.filter((path) => path.includes('.tmp'))
    if (leftovers.length > 0) throw new Error(`left behind: ${leftovers.join(' ')}`)
  }

  #open(): Promise<MiniStore<number> | undefined> {
    const options = { fileSystem: this.disk, maxSegmentBytes: 400 }
    return MiniStore.open<number>(JOURNAL, options).catch(() => undefined)
  }

  async #snapshot(snapshots: SnapStore<Ids>, log: MiniStore<number>): Promise<void> {
    const seq = log.lastSeq
    const ids = Array.from({ length: seq }, (_, index) => index + 1)
    try {
      await snapshots.create(ids, seq, { log })
      this.#acknowledged = seq
    } catch (error) {
      assertOurs(error)
    }
  }
}

function assertOurs(error: unknown): void {
  const isOurs =
    MiniSnapError.is(error) || (error instanceof Error && error.name === 'MiniStoreError')
  if (!isOurs) throw error
}
