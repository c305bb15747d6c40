import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MiniQueue, Queue } from '@mini-rs/miniqueue'
import type { Integrity } from './integrity.js'
import type { Component } from './registry.js'

/** A job: one package to be checked. */
export interface Check {
  /** The package's folder, from the scanned one. */
  readonly path: string
  readonly label: string
  /** Whether its first delivery fails, as a disk that is busy might have it. */
  readonly isFlaky: boolean
}

/** Workers at once. */
export const WORKERS = 8
/** How often a check may fail. */
export const ATTEMPTS = 3
/** Every so many packages one is flaky. */
const FLAKY_EVERY = 12

/** Its path is the id of a package's job: enqueuing it again changes nothing. */
export function checksOf(components: readonly Component[]): Check[] {
  return components.map(({ path, name, version }, index) => {
    return { path, label: `${name} ${version}`, isFlaky: index % FLAKY_EVERY === 0 }
  })
}

/** The queue of the checks. */
export function checkQueue(queues: MiniQueue): Queue<Check, Integrity> {
  return queues.queue<Check, Integrity>('integrity', {
    attempts: ATTEMPTS,
    backoff: { type: 'fixed', delayMs: 50 },
    // All are kept, and so none is enqueued again.
    retention: { completed: { count: 1_000_000 } },
  })
}

/** A package whose manifest no handler can read, however often it tries. */
export async function writePoison(folder: string): Promise<Check> {
  const path = join(folder, 'poison')
  await mkdir(path)
  await writeFile(join(path, 'package.json'), '{"name":"poison","vers')
  return { path, label: 'poison', isFlaky: false }
}
