// Checked by the type checker; nothing here runs.
import { type Log, MiniStore, type StandardSchema } from '@mini-rs/ministore'
import {
  type CompactReport,
  type RestoredSnapshot,
  SnapStore,
  type SnapshotStore,
  compact,
  json,
} from '@mini-rs/minisnap'
import { msgpack } from '@mini-rs/minisnap/msgpack'
import { expectTypeOf } from 'vitest'

interface State {
  readonly counter: number
}

declare const schema: StandardSchema<unknown, State>
declare const log: Log<{ Set: number }>
declare const memory: SnapshotStore<State>

export async function typedStates(): Promise<void> {
  const snapshots = new SnapStore<State>('state')
  expectTypeOf(snapshots).toExtend<SnapshotStore<State>>()
  expectTypeOf(await snapshots.restore()).toEqualTypeOf<RestoredSnapshot<State>>()
  expectTypeOf((await snapshots.tryRestore())?.state).toEqualTypeOf<State | undefined>()
  expectTypeOf(snapshots.create).parameter(0).toEqualTypeOf<State>()
  await snapshots.create({ counter: 1 }, 1, { log, mode: 'atOnce', notes: { by: 'test' } })
  const { info } = await snapshots.restore()
  expectTypeOf(info.notes).toEqualTypeOf<Readonly<Record<string, unknown>> | undefined>()
  // @ts-expect-error notes are an object
  await snapshots.create({ counter: 1 }, 1, { notes: 'text' })
  // @ts-expect-error a state of another shape
  await snapshots.create({ count: 1 }, 1)
  // @ts-expect-error a snapshot has a number
  await snapshots.create({ counter: 1 })
  // @ts-expect-error there are two modes
  await snapshots.create({ counter: 1 }, 1, { mode: 'later' })
}

export function typedOptions(): void {
  expectTypeOf(new SnapStore('state', { schema })).toEqualTypeOf<SnapStore<State>>()
  new SnapStore<State>('state', { codec: msgpack(), keep: 3, compression: 'zstd' })
  new SnapStore<State>('state', {
    codec: json({ tagged: true }),
    version: 2,
    migrate: { 1: (old: { n: number }) => ({ counter: old.n }) },
  })
  // @ts-expect-error a schema of another state
  new SnapStore<{ other: string }>('state', { schema })
  // @ts-expect-error no such compression
  new SnapStore<State>('state', { compression: 'lz4' })
  // @ts-expect-error versions are numbers
  new SnapStore<State>('state', { version: '2' })
  // @ts-expect-error a step is a function
  new SnapStore<State>('state', { version: 2, migrate: { 1: 'no' } })
}

export async function typedCompaction(): Promise<void> {
  expectTypeOf(await compact(log, memory)).toEqualTypeOf<CompactReport>()
  await compact(await MiniStore.open<string>('path'), memory, { keepFrom: 7 })
  // @ts-expect-error a log is needed
  await compact(memory, memory)
}
