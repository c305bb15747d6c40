// Checked by the type checker; nothing here runs.
import { type Log, MiniStore, type StandardSchema } from '@mini-rs/ministore'
import { expectTypeOf } from 'vitest'

type Mutation = { Set: { value: number } } | 'Reset'
declare const dates: StandardSchema<string, Date>

export async function typedRecords(): Promise<void> {
  const store = await MiniStore.open<Mutation>('path')
  expectTypeOf(store).toExtend<Log<Mutation>>()
  expectTypeOf(store.append).parameter(0).toEqualTypeOf<Mutation>()
  expectTypeOf(await store.append('Reset')).toEqualTypeOf<number>()
  expectTypeOf(await store.read(1)).toEqualTypeOf<Mutation | undefined>()
  // @ts-expect-error a record of another shape
  await store.append({ Get: 1 })
  // @ts-expect-error appendMany takes an array
  await store.appendMany('Reset')
  // @ts-expect-error options are checked
  await MiniStore.open('path', { durability: 'memory' })
  // @ts-expect-error the constructor is private: no half-open stores
  new MiniStore()
}

export async function schemaTypes(): Promise<void> {
  const store = await MiniStore.open('path', { schema: dates })
  expectTypeOf(store.append).parameter(0).toEqualTypeOf<string>()
  expectTypeOf(await store.read(1)).toEqualTypeOf<Date | undefined>()
  // @ts-expect-error the schema's input is what is appended
  await store.append(new Date())
}

export async function readerTypes(): Promise<void> {
  expectTypeOf(await MiniStore.replay<Mutation>('path')).toEqualTypeOf<Mutation[]>()
  expectTypeOf(await MiniStore.replay('path')).toEqualTypeOf<unknown[]>()
  const total = await MiniStore.reduce(
    'path',
    (sum: number, record: Mutation) => sum + (record === 'Reset' ? 0 : record.Set.value),
    0,
  )
  expectTypeOf(total).toEqualTypeOf<number>()
}
