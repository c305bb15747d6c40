/** How far a reading of the whole journal has come. */
export interface ScanProgress {
  readonly doneBytes: number
  readonly totalBytes: number
}

/** Adds up what was done, never past the total. */
export class ProgressMeter {
  readonly #onProgress: ((progress: ScanProgress) => void) | undefined
  #totalBytes: number
  #doneBytes = 0

  constructor(onProgress: ((progress: ScanProgress) => void) | undefined, totalBytes: number) {
    this.#onProgress = onProgress
    this.#totalBytes = totalBytes
  }

  /** There is less to do than was thought: the way to the end becomes shorter, never longer. */
  shorten(sizeBytes: number): void {
    this.#totalBytes -= sizeBytes
  }

  /** So many bytes more are done. */
  add(sizeBytes: number): void {
    this.#doneBytes = Math.min(this.#totalBytes, this.#doneBytes + sizeBytes)
    this.#onProgress?.({ doneBytes: this.#doneBytes, totalBytes: this.#totalBytes })
  }

  /** Headers are not pieces: brings the figures together. */
  finish(): void {
    this.add(this.#totalBytes)
  }
}
