import type { AppendOptions, AppendedRange, DropReport, LogLimits } from '@mini-rs/ministore'
import type { ErrorShape } from '@mini-rs/testkit'
import { type BrokenLog, Faithful, type Once } from './faithful-log.js'

class LosesLastOfBatch extends Faithful {
  override appendMany(records: readonly unknown[]): Promise<AppendedRange> {
    return super.appendMany(records.length > 1 ? records.slice(0, -1) : records)
  }
}

class SplitsBatches extends Faithful {
  override async appendMany(
    records: readonly unknown[],
    options: AppendOptions = {},
  ): Promise<AppendedRange> {
    if (records.length === 0) return this.inner.appendMany(records)
    const first = await this.inner.append(records[0], options)
    let last = first
    for (const record of records.slice(1)) last = await this.inner.append(record)
    return { first, last }
  }
}

class TakesEmptyBatches extends Faithful {
  override async appendMany(
    records: readonly unknown[],
    options?: AppendOptions,
  ): Promise<AppendedRange> {
    if (records.length === 0) return { first: this.lastSeq + 1, last: this.lastSeq }
    return this.inner.appendMany(records, options)
  }
}

class IgnoresExpectedSeq extends Faithful {
  override append(record: unknown): Promise<number> {
    return this.inner.append(record)
  }
}

class ComparesItsOwnView extends Faithful {
  override async append(record: unknown, { expectedSeq }: AppendOptions = {}): Promise<number> {
    if (expectedSeq === undefined || expectedSeq === this.inner.lastSeq) {
      return this.inner.append(record)
    }
    return this.inner.append(record, { expectedSeq })
  }
}

class ReusesNumbers extends Faithful {
  #count = 0
  #last = 0

  override async append(record: unknown, options?: AppendOptions): Promise<number> {
    const seq = await this.inner.append(record, options)
    this.#last = ++this.#count % 3 === 0 ? this.#last : seq
    return this.#last
  }
}

class SerialisesLate extends Faithful {
  override async append(record: unknown, options?: AppendOptions): Promise<number> {
    await undefined
    return this.inner.append(record, options)
  }
}

class SharesRecords extends Faithful {
  readonly #cache = new Map<number, unknown>()

  override async read(seq: number): Promise<unknown> {
    if (!this.#cache.has(seq)) this.#cache.set(seq, await this.inner.read(seq))
    return this.#cache.get(seq)
  }
}

class IgnoresIds extends Faithful {
  override async appendOnce(record: unknown, options: AppendOptions): Promise<Once> {
    return { seq: await this.inner.append(record, options), duplicate: false }
  }
}

class HasNoLimits extends Faithful {
  override readonly limits: LogLimits = { ...this.inner.limits, maxRecordBytes: 10 }
}

class LagsBehindItsAnswers extends Faithful {
  #durableSeq = 0

  override get durableSeq(): number {
    const before = this.#durableSeq
    this.#durableSeq = this.inner.durableSeq
    return before
  }
}

class GoesOnAfterClose extends Faithful {
  override async close(): Promise<void> {}
}

class ClosesOnce extends Faithful {
  #isClosed = false

  override async close(): Promise<void> {
    if (this.#isClosed) throw new Error('closed already')
    this.#isClosed = true
    await this.inner.close()
  }
}

class SettlesAfterClose extends Faithful {
  override async append(record: unknown, options?: AppendOptions): Promise<number> {
    const seq = await this.inner.append(record, options)
    await new Promise((resolve) => setImmediate(resolve))
    return seq
  }
}

class SaysAbsent extends Faithful {
  override appendOnce(
    record: unknown,
    options: AppendOptions & { readonly id: string },
  ): Promise<Once> {
    return super.appendOnce(record, options).catch((error: unknown) => {
      throw Object.assign(new Error('sanitised', { cause: error }), {
        code: 'UNAVAILABLE',
        outcome: 'absent',
      })
    })
  }
}

class StartsAtOne extends Faithful {
  override get lastSeq(): number {
    return Math.max(1, this.inner.lastSeq)
  }
}

class StoresZeroAsNull extends Faithful {
  override append(record: unknown, options?: AppendOptions): Promise<number> {
    return this.inner.append(record === 0 ? null : record, options)
  }
}

class StoresNothingAsNull extends Faithful {
  override append(record: unknown, options?: AppendOptions): Promise<number> {
    return this.inner.append(record ?? null, options)
  }
}

class ExpectsTheNextNumber extends Faithful {
  override append(record: unknown, { expectedSeq }: AppendOptions = {}): Promise<number> {
    if (expectedSeq === undefined) return this.inner.append(record)
    return this.inner.append(record, { expectedSeq: Math.max(0, expectedSeq - 1) })
  }
}

class WritesThoughUnavailable extends Faithful {
  override append(record: unknown, options?: AppendOptions): Promise<number> {
    return this.inner.append(record, options).catch(async (error: ErrorShape) => {
      if (error.code === 'UNAVAILABLE') await this.inner.append(record)
      throw error
    })
  }
}

let instances = 0

class ForgetsIdsWhenClosed extends Faithful {
  readonly #instance: number = instances++

  override appendOnce(
    record: unknown,
    options: AppendOptions & { readonly id: string },
  ): Promise<Once> {
    return super.appendOnce(record, { ...options, id: `${this.#instance}/${options.id}` })
  }
}

class ForgetsWhereItStood extends Faithful {
  override get lastSeq(): number {
    return this.inner.droppedThroughSeq === 0 ? this.inner.lastSeq : 0
  }
}

class MiscountsWhatItDropped extends Faithful {
  override async dropBefore(seq: number): Promise<DropReport> {
    const report = await this.inner.dropBefore(seq)
    return { ...report, droppedRecords: report.droppedRecords * 2 }
  }
}

/** Logs that break a promise about writing, and the check that has to notice. */
export const brokenWriters: readonly BrokenLog[] = [
  [LosesLastOfBatch, /appends many as one commit/],
  [SplitsBatches, /appends many as one commit/],
  [TakesEmptyBatches, /empty batch/],
  [IgnoresExpectedSeq, /wrong expectedSeq/],
  [ComparesItsOwnView, /has not read another writer/],
  [ReusesNumbers, /strictly increasing/],
  [SerialisesLate, /serialises at the call/],
  [SharesRecords, /a record of its own/],
  [IgnoresIds, /once under an id/],
  [HasNoLimits, /maxRecordBytes/],
  [LagsBehindItsAnswers, /durableSeq to a record before/],
  [GoesOnAfterClose, /after close with STORE_CLOSED/],
  [ClosesOnce, /closes as often/],
  [SettlesAfterClose, /settles every append that waits/],
  [SaysAbsent, /repeated with the same id/],
  [StartsAtOne, /is empty at first/],
  [StoresZeroAsNull, /equal records of every JSON type/],
  [StoresNothingAsNull, /refuses what it cannot carry/],
  [ExpectsTheNextNumber, /appends when expectedSeq/],
  [WritesThoughUnavailable, /when it is unavailable/],
  [ForgetsIdsWhenClosed, /knows the ids of before/],
  [ForgetsWhereItStood, /never gives a number twice/],
  [MiscountsWhatItDropped, /counts the records/],
]
