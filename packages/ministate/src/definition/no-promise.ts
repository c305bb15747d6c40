/** What a definition does is synchronous. @throws TypeError for a promise, to which nobody listens then */
export function assertNoPromise(value: unknown, whose: string): void {
  if (typeof value !== 'object' || value === null || !isThenable(value)) return
  value.then(undefined, () => {})
  throw new TypeError(
    `${whose} returned a promise: it has to answer at once; bring what is awaited in the payload`,
  )
}

function isThenable(value: object): value is PromiseLike<unknown> {
  return 'then' in value && typeof value.then === 'function'
}
