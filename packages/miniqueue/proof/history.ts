import type { Model } from './model.js'

/** What a queue has been, record by record, and how far the disk was then: what a crash may go back to. */
export class History {
  readonly #models: Model[] = []
  /** At that position of the disk, so many steps were done and told. */
  readonly #marks: { readonly position: number; readonly count: number }[] = []

  /** Something has changed. */
  note(model: Model): void {
    this.#models.push(model.clone())
  }

  /** Everything up to here was told to somebody. */
  mark(position: number): void {
    this.#marks.push({ position, count: this.#models.length })
  }

  /** What a crash at that position may leave: everything that was told, and perhaps more of what had begun. */
  candidatesAt(position: number): Model[] {
    const least = this.#marks.findLast((mark) => mark.position <= position)?.count ?? 1
    const most = this.#marks.find((mark) => mark.position >= position)?.count ?? this.#models.length
    // The newest first: mostly it is the one.
    return this.#models.slice(Math.max(0, least - 1), Math.max(least, most)).toReversed()
  }

  /**
   * What was found at an opening. A crash of the opening itself may leave anything that the crash before it
   * could: what a kill left in the page cache is durable only when somebody was told of it again.
   */
  begin(before: readonly Model[], after: Model): void {
    this.#models.length = 0
    this.#models.push(...before.toReversed(), after.clone())
    const position = this.#marks.at(-1)?.position ?? 0
    this.#marks.length = 0
    this.#marks.push({ position: -1, count: 1 }, { position, count: this.#models.length })
  }
}
