/** Where a random world gets its decisions from. All of them, so that a world can be repeated and shrunk. */
export interface Choices {
  /** A whole number from 0 up to, not including, `count`. 0 is the harmless answer: nothing is lost, nothing fails. */
  choose(count: number): number
}

/** Decisions from a seed (mulberry32). */
export class SeededChoices implements Choices {
  /** Every answer so far: a script that repeats this world. */
  readonly taken: number[] = []
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  choose(count: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    const answer = ((mixed ^ (mixed >>> 14)) >>> 0) % count
    this.taken.push(answer)
    return answer
  }
}

/** Decisions from a list; behind its end, 0. */
export class ScriptedChoices implements Choices {
  /** How many answers each decision had: what {@link everyCombination} counts through. */
  readonly counts: number[] = []
  readonly #script: readonly number[]

  constructor(script: readonly number[]) {
    this.#script = script
  }

  choose(count: number): number {
    const wanted = this.#script[this.counts.length] ?? 0
    this.counts.push(count)
    return Math.min(wanted, count - 1)
  }
}

/**
 * One after the other, every combination of answers: take the next one when the world of the one
 * before has asked all its questions.
 */
export function* everyCombination(): Generator<Choices, void> {
  let script: number[] = []
  for (;;) {
    const choices = new ScriptedChoices(script)
    yield choices
    const { counts } = choices
    script = counts.map((_, index) => script[index] ?? 0)
    let last = counts.length - 1
    while (last >= 0 && (script[last] ?? 0) + 1 >= (counts[last] ?? 1)) last--
    if (last < 0) return
    script = [...script.slice(0, last), (script[last] ?? 0) + 1]
  }
}

/**
 * A smaller script that fails as well, found by leaving spans out and making answers smaller.
 * `fails` runs the world of a script. After Hypothesis' internal shrinking.
 */
export async function shrinkScript(
  script: readonly number[],
  fails: (script: readonly number[]) => Promise<boolean>,
  maxRuns = 2_000,
): Promise<readonly number[]> {
  let best = script
  let runs = 0
  const accept = async (candidate: readonly number[]): Promise<boolean> => {
    if (runs++ >= maxRuns || !(await fails(candidate))) return false
    best = candidate
    return true
  }
  let hasShrunk = true
  while (hasShrunk) {
    const before = best
    for (let span = best.length; span >= 1; span = Math.floor(span / 2)) {
      for (let at = 0; at < best.length;) {
        const isGone = await accept([...best.slice(0, at), ...best.slice(at + span)])
        if (!isGone) at += span
      }
    }
    for (let at = 0; at < best.length; at++) {
      const answer = best[at] ?? 0
      if (answer > 0 && !(await accept(best.with(at, 0)))) await accept(best.with(at, answer - 1))
    }
    hasShrunk = before !== best
  }
  return best
}
