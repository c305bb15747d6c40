/** What {@link handedOut} hands out. */
interface Parts {
  readonly list: number[]
  readonly deep: { inner: { name: string } }
  gone?: string
}

/** A state in somebody's hands, and how they would change every part of it. */
export function handedOut(value: unknown = fresh()): {
  readonly value: unknown
  readonly change: () => void
} {
  const change = (): void => {
    const parts = value as Parts
    parts.list.push(99)
    parts.deep.inner.name = 'changed'
    delete parts.gone
  }
  return { value, change }
}

function fresh(): Parts {
  return { list: [1, 2, 3], deep: { inner: { name: 'as it was' } }, gone: 'not yet' }
}

/** Freezes everything inside as well. */
export function deeplyFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) deeplyFrozen(member)
  return Object.freeze(value)
}
