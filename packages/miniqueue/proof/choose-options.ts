import type { Choices } from '@mini-rs/testkit'
import type { ModelOptions } from './model-job.js'

const IDS = ['a', 'b', 'c']

/** Options of an enqueue; the harmless answer is none. */
export function chooseOptions(choices: Choices, nowMs: number): ModelOptions {
  const of = <T>(list: readonly T[]): T | undefined => list[choices.choose(list.length)]
  const delayMs = choices.choose(4) === 3 ? { delayMs: 100 + choices.choose(3) * 700 } : {}
  switch (choices.choose(9)) {
    case 1:
    case 2:
      return { id: of(IDS) ?? 'a', ...delayMs }
    case 3:
      return { priority: choices.choose(3) - 1, ...delayMs }
    case 4:
    case 5:
      return { group: of(['g', 'h']) ?? 'g', ...delayMs }
    case 6:
      return { expiresAt: nowMs + 1 + choices.choose(2) * 600, ...delayMs }
    case 7:
      return { dependsOn: [of(IDS) ?? 'a'], attempts: 1 + choices.choose(2), ...delayMs }
    case 8:
      return {
        dedup: of([
          { key: 't', mode: 'throttle' } as const,
          { key: 'r', mode: 'replace' } as const,
          { key: 'd', mode: 'debounce', ttlMs: 500 } as const,
        ]) ?? { key: 't', mode: 'throttle' },
      }
    default:
      return delayMs
  }
}
