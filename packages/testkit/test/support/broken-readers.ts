import type {
  AppendOptions,
  Batch,
  DropReport,
  Entry,
  Followed,
  LogRange,
} from '@mini-rs/ministore'
import type { ErrorShape } from '@mini-rs/testkit'
import { collect } from './collect.js'
import { type BrokenLog, Faithful } from './faithful-log.js'

class EndsRangesTooEarly extends Faithful {
  override entries(range: LogRange = {}): AsyncIterable<Entry<unknown>> {
    if (range.to === undefined || range.to < 2) return this.inner.entries(range)
    return this.inner.entries({ ...range, to: range.to - 1 })
  }
}

class ReadsWithoutEnd extends Faithful {
  override async *entries(range: LogRange = {}): AsyncGenerator<Entry<unknown>, void> {
    let { from } = range
    for (;;) {
      const entries = await collect(
        this.inner.entries(from === undefined ? range : { ...range, from }),
      )
      yield* entries
      const last = entries.at(-1)
      if (last === undefined) return
      from = last.seq + 1
    }
  }
}

class CallsEveryRecordACommit extends Faithful {
  override async *entries(range?: LogRange): AsyncGenerator<Entry<unknown>, void> {
    for await (const entry of this.inner.entries(range)) yield { ...entry, commitEnd: true }
  }
}

class CallsARangesEndACommit extends Faithful {
  override async *entries(range?: LogRange): AsyncGenerator<Entry<unknown>, void> {
    const entries = await collect(this.inner.entries(range))
    for (const entry of entries)
      yield entry === entries.at(-1) ? { ...entry, commitEnd: true } : entry
  }
}

class JumpsOverDropped extends Faithful {
  override entries({ from = 1, ...range }: LogRange = {}): AsyncIterable<Entry<unknown>> {
    return this.inner.entries({ ...range, from: Math.max(from, this.firstSeq) })
  }
}

class DropsOneTooMany extends Faithful {
  override dropBefore(seq: number): Promise<DropReport> {
    return this.inner.dropBefore(seq + 1)
  }
}

class ForgetsDropping extends Faithful {
  override get droppedThroughSeq(): number {
    return Math.max(0, this.inner.droppedThroughSeq - 1)
  }
}

class FollowsUnordered extends Faithful {
  override async *follow(range?: Omit<LogRange, 'to'>): AsyncGenerator<Followed<unknown>, void> {
    let held: Followed<unknown> | undefined
    for await (const item of this.inner.follow(range)) {
      if (item.kind === 'record' && held === undefined) held = item
      else {
        yield item
        if (held !== undefined) yield held
        held = undefined
      }
    }
  }
}

class FollowsTwice extends Faithful {
  override async *follow(range?: Omit<LogRange, 'to'>): AsyncGenerator<Followed<unknown>, void> {
    let last: Followed<unknown> | undefined
    for await (const item of this.inner.follow(range)) {
      yield item
      if (item.kind === 'caughtUp' && last?.kind === 'record') yield last
      last = item
    }
  }
}

class FollowsFromTheOldest extends Faithful {
  override follow({ from = 1, ...range }: Omit<LogRange, 'to'> = {}): AsyncIterable<
    Followed<unknown>
  > {
    return this.inner.follow({ ...range, from: Math.max(from, this.firstSeq) })
  }
}

class ThrowsAtTheSignal extends Faithful {
  override async *follow(
    range: Omit<LogRange, 'to'> = {},
  ): AsyncGenerator<Followed<unknown>, void> {
    yield* this.inner.follow(range)
    range.signal?.throwIfAborted()
  }
}

class HidesWhatOthersWrote extends Faithful {
  readonly #own = new Set<unknown>()

  override async append(record: unknown, options?: AppendOptions): Promise<number> {
    const seq = await this.inner.append(record, options)
    this.#own.add(seq)
    return seq
  }

  override async *entries(range?: LogRange): AsyncGenerator<Entry<unknown>, void> {
    for await (const entry of this.inner.entries(range)) if (this.#own.has(entry.seq)) yield entry
  }
}

class NeedsANumberThatIsThere extends Faithful {
  override async *entries(range: LogRange = {}): AsyncGenerator<Entry<unknown>, void> {
    const entries = await collect(this.inner.entries(range))
    if (range.from === undefined || range.from === entries[0]?.seq) yield* entries
  }
}

class ReadsTheLastBehindTheEnd extends Faithful {
  override entries(range: LogRange = {}): AsyncIterable<Entry<unknown>> {
    const from = Math.min(range.from ?? 1, this.lastSeq)
    return this.inner.entries(from < 1 || range.from === undefined ? range : { ...range, from })
  }
}

class ReadsTheOneBefore extends Faithful {
  override async read(seq: number): Promise<unknown> {
    return (await this.inner.read(seq)) ?? (seq > 1 ? this.inner.read(seq - 1) : undefined)
  }
}

class HasEmptyBatches extends Faithful {
  override async *batches(range?: LogRange): AsyncGenerator<Batch<unknown>, void> {
    yield* this.inner.batches(range)
    yield { firstSeq: this.lastSeq + 1, records: [], commitEnd: false }
  }
}

class EndsFollowingWhenClosed extends Faithful {
  override async *follow(range?: Omit<LogRange, 'to'>): AsyncGenerator<Followed<unknown>, void> {
    try {
      yield* this.inner.follow(range)
    } catch (error) {
      if ((error as ErrorShape).code !== 'STORE_CLOSED') throw error
    }
  }
}

/** Logs that break a promise about reading, and the check that has to notice. */
export const brokenReaders: readonly BrokenLog[] = [
  [EndsRangesTooEarly, /ends are inclusive/],
  [ReadsWithoutEnd, /where the log stood/],
  [CallsEveryRecordACommit, /last record of each commit/],
  [CallsARangesEndACommit, /last record of each commit/],
  [JumpsOverDropped, /every reading from a dropped number/],
  [DropsOneTooMany, /drops no record at or behind/],
  [ForgetsDropping, /droppedThroughSeq \+ 1|every reading from a dropped/],
  [FollowsUnordered, /follows what is there/],
  [FollowsTwice, /once and in order|says each time/],
  [FollowsFromTheOldest, /follow from a dropped number/],
  [ThrowsAtTheSignal, /returns when its signal/],
  [HidesWhatOthersWrote, /another writer has appended/],
  [NeedsANumberThatIsThere, /whatever numbers are missing/],
  [ReadsTheLastBehindTheEnd, /nothing behind the end/],
  [ReadsTheOneBefore, /one record by its number/],
  [HasEmptyBatches, /no batch without a record/],
  [EndsFollowingWhenClosed, /ends a follower that waits/],
]
