/** Freezes a state and all that it holds; stops at what was frozen before, with all that is in there. */
export function freezeTree(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  if (value instanceof Uint8Array) return // its bytes cannot be frozen
  if (value instanceof Map) {
    for (const inner of value.values()) freezeTree(inner)
    refuseMethods(value, ['set', 'delete', 'clear'])
  } else if (value instanceof Set) {
    for (const inner of value) freezeTree(inner)
    refuseMethods(value, ['add', 'delete', 'clear'])
  } else if (value instanceof Date) {
    refuseMethods(value, DATE_SETTERS)
  } else {
    for (const inner of Object.values(value)) freezeTree(inner)
  }
  Object.freeze(value)
}

/** Of Date: also what makes a Date of the state read-only for recipes. */
export const DATE_SETTERS: readonly string[] = Object.getOwnPropertyNames(Date.prototype).filter(
  (name) => name.startsWith('set'),
)

function refuseMethods(value: object, names: readonly string[]): void {
  for (const name of names) Object.defineProperty(value, name, { value: refuse })
}

function refuse(): never {
  throw new TypeError('the state is frozen: change it by a mutation')
}
