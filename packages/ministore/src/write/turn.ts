/** Resolves when everything that is ready to run has run: appends made until then join one commit. */
export function endOfTurn(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}
