import type { Checkpoint } from './segment-scanner.js'

/** A place that was verified before, in the segment of that number. */
export interface KnownPlace {
  readonly segment: number
  /** Where the segment was at that time: it is renamed when it is archived. */
  readonly path: string
  readonly checkpoint: Checkpoint
}

/** Between two places of a segment lie at least so many bytes. */
const APART_BYTES = 64 * 1024

/**
 * Places in the segments of a journal that were verified before: what lies behind one can be read
 * without what lies before it. Learned while writing and reading.
 */
export class KnownPlaces {
  /** By the segment's number; in each list by their offset. */
  readonly #bySegment = new Map<number, Checkpoint[]>()

  note(segment: number, place: Checkpoint): void {
    const places = this.#bySegment.get(segment)
    if (places === undefined) {
      this.#bySegment.set(segment, [place])
      return
    }
    const index = places.findLastIndex(({ offsetBytes }) => offsetBytes <= place.offsetBytes)
    const before = places[index]?.offsetBytes ?? Number.NEGATIVE_INFINITY
    const behind = places[index + 1]?.offsetBytes ?? Number.POSITIVE_INFINITY
    const { offsetBytes } = place
    if (offsetBytes - before < APART_BYTES || behind - offsetBytes < APART_BYTES) return
    places.splice(index + 1, 0, place)
  }

  /** The last place of a segment that has at most so many of its records before it. */
  before(segment: number, recordCount: number): Checkpoint | undefined {
    return this.#bySegment.get(segment)?.findLast((place) => place.recordCount <= recordCount)
  }

  /** The segments before this one are gone. */
  forgetBefore(segment: number): void {
    for (const number of this.#bySegment.keys()) {
      if (number < segment) this.#bySegment.delete(number)
    }
  }
}
