import { errnoOf } from '../errors.js'
import { closeQuietly } from '../fs/close-quietly.js'
import type { FileHandle, FileSystem } from '../fs/file-system.js'
import { writeAllSync } from '../fs/write-all.js'
import type { Segment } from '../read/segment-chain.js'
import type { Checkpoint } from '../read/segment-scanner.js'
import { SLOT_BYTES, type Watermark, writeSlot, toBootId } from './watermark.js'

/** Where a writer stands, for its next note. */
export type Mark = Pick<Watermark, 'seq' | 'segment' | 'durable' | 'written'>

/** The mark of a writer whose commits end at `written` in the active segment, and are synced up to `durable`. */
export function markOf(active: Segment, durable: Checkpoint, written: Checkpoint): Mark {
  return {
    seq: active.firstSeq + written.recordCount - 1,
    segment: active.number,
    durable: { offset: durable.offsetBytes, crc: durable.crc },
    written: { offset: written.offsetBytes },
  }
}

/**
 * The writer's side of the watermark: two slots, written in turn and not synced, so that a crash can
 * destroy one note and leave the one before it, which was true as well.
 */
export class WatermarkFile {
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #permissions: number | undefined
  /** `null` where the machine does not tell: such a note is never of the same boot. */
  readonly #bootIdJson: string
  readonly #slot: Buffer = Buffer.alloc(SLOT_BYTES)
  // Undefined while the file could not be created: tried again with each note.
  #handle: FileHandle | undefined
  #turn: number

  constructor(
    fileSystem: FileSystem,
    path: string,
    bootId: string | undefined,
    { lastTurn, permissions }: { lastTurn: number; permissions: number | undefined },
  ) {
    this.#fileSystem = fileSystem
    this.#path = path
    this.#bootIdJson = JSON.stringify(toBootId(bootId) ?? null)
    this.#turn = lastTurn
    this.#permissions = permissions
  }

  /** Notes how far the journal has got. False: it could not, and {@link WatermarkFile.mend} has to follow. */
  tryNote(mark: Mark, clean = false): boolean {
    if (this.#handle === undefined) return false
    const turn = this.#turn + 1
    const { seq, segment, durable, written } = mark
    writeSlot(this.#slot, { turn, seq, segment, durable, written, clean }, this.#bootIdJson)
    try {
      writeAllSync(this.#handle, this.#slot, (turn % 2) * SLOT_BYTES)
      this.#turn = turn
      return true
    } catch {
      return false // what is there now is stale: the caller mends it, or fails
    }
  }

  /**
   * Writes the note into a file of its own, or sees to it that there is none.
   *
   * @throws when neither works: a stale watermark of this boot would call good data torn
   */
  async mend(mark: Mark): Promise<void> {
    await this.#removeStale()
    try {
      this.#handle = await this.#fileSystem.open(this.#path, 'createNew', this.#permissions)
    } catch {
      return // no watermark costs only sharper verdicts; tried again at the next note
    }
    if (!this.tryNote(mark)) await this.#removeStale()
  }

  /** Opens the file and notes where the journal stands after recovery. @throws as `mend` */
  async begin(mark: Mark): Promise<void> {
    try {
      this.#handle = await this.#fileSystem.open(this.#path, 'createOrOpen', this.#permissions)
    } catch {
      // `mend` removes what cannot be written
    }
    if (!this.tryNote(mark)) await this.mend(mark)
  }

  /** The last note: nothing is in flight. Durable, where the disk does as it is told. */
  async finish(mark: Mark): Promise<void> {
    try {
      if (this.tryNote(mark, true)) await this.#handle?.sync()
      else await this.#removeStale()
    } catch {
      // The journal itself is durable, and the note before this one is as true: only the word `clean` is lost
    } finally {
      await this.close()
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await closeQuietly(handle)
  }

  async #removeStale(): Promise<void> {
    await this.close()
    try {
      await this.#fileSystem.remove(this.#path)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error // ENOENT: there is none, which is what was wanted
    }
  }
}
