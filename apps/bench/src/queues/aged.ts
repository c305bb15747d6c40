import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runOnce } from '../states/once.js'

/** What a store does in a second. */
export interface AgedRates {
  readonly enqueue: number
  readonly drain: number
}

/** A store that has seen much beside one that is new, in one process, in turns. */
export interface AgedFigures {
  /** That have completed and are kept, and as many that wait. */
  readonly jobs: number
  readonly openMs: number
  readonly residentBytes: number
  readonly diskBytes: number
  readonly rounds: readonly { readonly aged: AgedRates; readonly fresh: AgedRates }[]
}

/** What the process of {@link measureAged} is told. */
export interface AgedTask {
  readonly do: 'fill' | 'measure'
  readonly folder: string
  readonly jobs: number
  readonly rounds: number
  readonly durationMs: number
}

const program = fileURLToPath(new URL('aged-child.ts', import.meta.url))

/** Fills a store in one process, and opens and measures it in another. */
export function measureAged(
  folder: string,
  scale: Pick<AgedTask, 'jobs' | 'rounds' | 'durationMs'>,
): AgedFigures {
  const place = join(folder, 'aged')
  console.log(`an aged store: filling ${scale.jobs} and ${scale.jobs} jobs …`)
  runOnce(program, { do: 'fill', folder: place, ...scale } satisfies AgedTask)
  console.log('an aged store: measuring …')
  const figures = runOnce<AgedFigures>(program, { do: 'measure', folder: place, ...scale })
  rmSync(place, { recursive: true, force: true })
  return figures
}
