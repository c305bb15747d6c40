/** What calling a method that changes something is told. */
type ReadOnly = 'the state is read-only: change it in a recipe'

/** A Date that is only to be read. Wherever a Date is asked for, this one will do. */
export interface ImmutableDate extends Date {
  setTime(this: ReadOnly, time: number): number
  setMilliseconds(this: ReadOnly, ms: number): number
  setUTCMilliseconds(this: ReadOnly, ms: number): number
  setSeconds(this: ReadOnly, sec: number, ms?: number): number
  setUTCSeconds(this: ReadOnly, sec: number, ms?: number): number
  setMinutes(this: ReadOnly, min: number, sec?: number, ms?: number): number
  setUTCMinutes(this: ReadOnly, min: number, sec?: number, ms?: number): number
  setHours(this: ReadOnly, hours: number, min?: number, sec?: number, ms?: number): number
  setUTCHours(this: ReadOnly, hours: number, min?: number, sec?: number, ms?: number): number
  setDate(this: ReadOnly, date: number): number
  setUTCDate(this: ReadOnly, date: number): number
  setMonth(this: ReadOnly, month: number, date?: number): number
  setUTCMonth(this: ReadOnly, month: number, date?: number): number
  setFullYear(this: ReadOnly, year: number, month?: number, date?: number): number
  setUTCFullYear(this: ReadOnly, year: number, month?: number, date?: number): number
}

/** A Uint8Array that is only to be read. Wherever a Uint8Array is asked for, this one will do. */
export interface ImmutableBytes extends Uint8Array {
  readonly [index: number]: number
  copyWithin(this: ReadOnly, target: number, start: number, end?: number): this
  fill(this: ReadOnly, value: number, start?: number, end?: number): this
  reverse(this: ReadOnly): this
  set(this: ReadOnly, array: ArrayLike<number>, offset?: number): void
  sort(this: ReadOnly, compareFn?: (a: number, b: number) => number): this
}

/** A value that is only to be read, all the way down. */
export type Immutable<T> = T extends string | number | boolean | bigint | symbol | null | undefined
  ? T
  : unknown extends T
    ? T
    : T extends Date
      ? ImmutableDate
      : T extends Uint8Array
        ? ImmutableBytes
        : T extends ReadonlyMap<infer K, infer V>
          ? ReadonlyMap<Immutable<K>, Immutable<V>>
          : T extends ReadonlySet<infer V>
            ? ReadonlySet<Immutable<V>>
            : T extends readonly (infer E)[]
              ? number extends T['length']
                ? readonly Immutable<E>[] // not mapped: a type that contains itself would never end
                : { readonly [K in keyof T]: Immutable<T[K]> }
              : { readonly [K in keyof T]: Immutable<T[K]> }

/** What a caller may give for a value that is copied: the value itself, where read-only ones fit it anyway. */
export type Given<T> = [Immutable<T>] extends [T] ? T : Immutable<T>
