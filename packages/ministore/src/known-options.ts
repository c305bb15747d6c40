/** The names of all options of a type: the compiler refuses a list that lacks one. For packages that stand on this one. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>

/**
 * Refuses an option that there is not: it would change nothing, and nobody would notice. Lists no names
 * unless there is one, for appends, mutations and enqueues are checked, too. For packages that stand on
 * this one.
 *
 * @throws TypeError
 */
export function assertKnownOptions(
  what: string,
  options: object,
  known: Readonly<Record<string, true>>,
): void {
  for (const name in options) {
    // What every object inherits from somewhere is nobody's option.
    if (known[name] === true || !Object.hasOwn(options, name)) continue
    const names = Object.keys(known).join(', ')
    throw new TypeError(`${what}: there is no option ${JSON.stringify(name)}; there are ${names}`)
  }
}
