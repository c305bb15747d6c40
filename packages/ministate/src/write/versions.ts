import type { StateTree } from '../tree/state-tree.js'

/** A state that may be shown to readers, and the last record that it reflects. */
export interface Version<S> {
  readonly state: S
  readonly seq: number
}

/** Which of the decided states can be shown: those at the ends of commits. */
export interface Versions<S> {
  /** A mutation is about to change the tree; `formingSeq` as {@link Log.formingSeq}. */
  beforeChange(headSeq: number, formingSeq: number | undefined): void
  /** The newest version with all its records up to `acknowledgedSeq`; undefined when it was answered before. */
  newest(headSeq: number, acknowledgedSeq: number): Version<S> | undefined
  /** What was decided behind `seq` has been taken back. */
  discardBehind(seq: number): void
}

/** Of a state that is changed in place: only the newest exists. */
export class InPlaceVersions<S extends object> implements Versions<S> {
  readonly #tree: StateTree<S>
  #answeredSeq: number

  constructor(tree: StateTree<S>, seq: number) {
    this.#tree = tree
    this.#answeredSeq = seq
  }

  beforeChange(): void {}

  newest(headSeq: number, acknowledgedSeq: number): Version<S> | undefined {
    const seq = Math.min(headSeq, acknowledgedSeq)
    if (seq <= this.#answeredSeq) return undefined
    this.#answeredSeq = seq
    return { state: this.#tree.state, seq }
  }

  discardBehind(): void {}
}

/**
 * Of a state that shares its structure from version to version. Mutations that may end up in one commit
 * change the same copy; a new one begins when the log has formed the commit of those before. So what is
 * copied, is copied once a commit. Where a log cuts a version into two commits, it is shown after the second.
 */
export class SharedVersions<S extends object> implements Versions<S> {
  readonly #tree: StateTree<S>
  // Ended versions that are not all acknowledged, the oldest first.
  #ended: Version<S>[] = []
  #answeredSeq: number
  // Of the last version that has ended: what is behind it is being changed.
  #endSeq: number

  constructor(tree: StateTree<S>, seq: number) {
    this.#tree = tree
    this.#answeredSeq = seq
    this.#endSeq = seq
    tree.publish()
  }

  beforeChange(headSeq: number, formingSeq: number | undefined): void {
    if (formingSeq === undefined || formingSeq > this.#endSeq + 1) this.#end(headSeq)
  }

  newest(headSeq: number, acknowledgedSeq: number): Version<S> | undefined {
    if (acknowledgedSeq >= headSeq) this.#end(headSeq)
    let newest: Version<S> | undefined
    while (this.#ended[0] !== undefined && this.#ended[0].seq <= acknowledgedSeq) {
      newest = this.#ended.shift()
    }
    this.#answeredSeq = newest?.seq ?? this.#answeredSeq
    return newest
  }

  discardBehind(seq: number): void {
    // One that goes on behind `seq` is being changed again.
    this.#ended = this.#ended.filter((version) => version.seq <= seq)
    this.#endSeq = this.#ended.at(-1)?.seq ?? this.#answeredSeq
  }

  #end(headSeq: number): void {
    if (headSeq <= this.#endSeq) return
    this.#ended.push({ state: this.#tree.publish(), seq: headSeq })
    this.#endSeq = headSeq
  }
}
