import { MiniStore, MiniStoreError } from '@mini-rs/ministore'
import { CrashFileSystem, SeededChoices } from '@mini-rs/testkit/disk'
import { type ByteView, type FileView, linesOf, viewOf } from './byte-view.js'
import { GatedDisk } from './gated-disk.js'

const PATH = '/state/journal.jsonl'

/** What a machine tells of itself. */
export interface MachineView {
  readonly power: 'on' | 'off'
  /** Appends that have resolved: the program was told that they are on the disk. */
  readonly acknowledged: readonly number[]
  /** Appends that wait for their sync. */
  readonly waiting: number
  readonly isHolding: boolean
  readonly lines: readonly (readonly ByteView[])[]
  readonly files: readonly FileView[]
}

/** What opening said. */
export interface Opened {
  readonly isOpen: boolean
  /** A verdict, or the code of the error. */
  readonly verdict: string
  readonly text: string
  /** Numbers that were acknowledged before and are not there. */
  readonly lost: readonly number[]
}

/** A machine with a disk, and a program on it that keeps a journal. */
export class Machine {
  readonly #changed: () => void
  readonly #isHonest: boolean
  #disk: CrashFileSystem
  #gate: GatedDisk
  #store: MiniStore<string> | undefined
  #acknowledged: number[] = []
  #waiting = 0
  /** The disk at the moment of the last cut, so that the same moment can be tried with other luck. */
  #cut: CrashFileSystem | undefined
  /** Counts boots: answers to a program that is no more count for nothing. */
  #boots = 0

  /** `isHonest`: the disk syncs what it says it has synced. `changed` is told whenever there is something new to see. */
  constructor(isHonest: boolean, changed: () => void) {
    this.#isHonest = isHonest
    this.#changed = changed
    this.#disk = new CrashFileSystem(isHonest ? {} : { lies: { sync: 'never' } })
    this.#gate = new GatedDisk(this.#disk, changed)
  }

  get view(): MachineView {
    const power = this.#cut === undefined ? 'on' : 'off'
    const disk = this.#cut ?? this.#disk
    return {
      power,
      acknowledged: this.#acknowledged,
      waiting: this.#waiting,
      isHolding: this.#gate.isHolding,
      lines: disk.has(PATH) ? linesOf(disk.get(PATH), disk.durable(PATH)) : [],
      files: disk.paths.map((path) => viewOf(path, disk)),
    }
  }

  /** Starts the program: it opens its journal. */
  async open(): Promise<Opened> {
    this.#boots += 1
    const before = this.#acknowledged
    try {
      const { fileSystem } = this.#gate
      const store = await MiniStore.open<string>(PATH, { fileSystem })
      this.#store = store
      const records: number[] = []
      for await (const { seq } of store.entries()) records.push(seq)
      this.#acknowledged = records
      const lost = before.filter((seq) => !records.includes(seq))
      return { isOpen: true, verdict: store.recovery.verdict, text: reportOf(store), lost }
    } catch (error) {
      if (!MiniStoreError.is(error)) throw error
      return { isOpen: false, verdict: error.code, text: error.message, lost: [] }
    } finally {
      this.#changed()
    }
  }

  /** Appends a record, and does not wait: the answer comes when the disk has it. */
  append(text: string, answered: (seq: number) => void): void {
    const boot = this.#boots
    this.#waiting += 1
    const ended = (): boolean => boot !== this.#boots || this.#cut !== undefined
    void this.#store?.append(text).then((seq) => {
      if (ended()) return
      this.#waiting -= 1
      this.#acknowledged = [...this.#acknowledged, seq]
      answered(seq)
      this.#changed()
    })
  }

  hold(isHolding: boolean): void {
    this.#gate.hold(isHolding)
    this.#changed()
  }

  /** Lets the sync that waits take place. */
  sync(): void {
    this.#gate.letGo()
  }

  /** Cuts the power: of what was not synced, luck decides what is left. */
  cutPower(luck: number): void {
    const cut = this.#cut ?? this.#disk
    this.#cut = cut
    this.#reboot(cut.powerCutAt(cut.position, new SeededChoices(luck)))
  }

  /** Kills the program only: the operating system goes on, and has all that was written. */
  kill(): void {
    const before = this.#disk
    this.#waiting = 0
    this.#reboot(before.killedAt(before.position))
  }

  /** What the last cut left, as it is found at the next start. */
  get left(): readonly (readonly ByteView[])[] {
    return this.#disk.has(PATH) ? linesOf(this.#disk.get(PATH), this.#disk.get(PATH)) : []
  }

  /** Switches the power on again; `open` comes next. */
  powerOn(): void {
    this.#cut = undefined
    this.#waiting = 0
  }

  get isHonest(): boolean {
    return this.#isHonest
  }

  #reboot(disk: CrashFileSystem): void {
    this.#store = undefined
    this.#boots += 1
    this.#disk = disk
    this.#gate = new GatedDisk(disk, this.#changed)
    this.#changed()
  }
}

function reportOf({ recovery }: MiniStore<string>): string {
  const { setAside, lastSeq } = recovery
  const records = `${lastSeq} ${lastSeq === 1 ? 'record is' : 'records are'} there`
  if (setAside === undefined) return records
  return `${records}; ${setAside.sizeBytes} bytes were set aside in ${setAside.path}`
}
