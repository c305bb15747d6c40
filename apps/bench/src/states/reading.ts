import { fileURLToPath } from 'node:url'
import { runOnce } from './once.js'

/** Bytes that one read of a state puts on the heap. */
export interface ReadingFigures {
  readonly bytesPerRead: number
  /** The same measured of reads that each make an object: that a loop of reads is seen at all. */
  readonly controlBytesPerRead: number
  readonly reads: number
  readonly collections: number
}

const program = fileURLToPath(new URL('reading-child.ts', import.meta.url))

/** Counts what reading `state` allocates. */
export function measureReading(folder: string): ReadingFigures {
  console.log('reading …')
  return runOnce<ReadingFigures>(program, folder, ['--expose-gc'])
}
