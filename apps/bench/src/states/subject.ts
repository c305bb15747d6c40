/** A state in a folder of its own, opened. */
export interface OpenSubject {
  /** Makes the n-th change; resolves when it is as durable as the subject makes it, answers nothing if it blocked. */
  change(n: number): Promise<unknown> | undefined
  /** The values of all entries, in order. */
  values(): Promise<readonly number[]>
  close(): Promise<void>
}

/** What a subject's change is. */
export type Kind = 'floor' | 'log' | 'state' | 'peer'

/** A way to keep a state of so many entries, and what of it is measured. */
export interface Subject {
  readonly name: string
  readonly kind: Kind
  /** What it is at every size. */
  readonly family: string
  /** How many entries it has. */
  readonly size: number
  /** The package that has to be there; none for ours and for what Node brings. */
  readonly needs?: string
  /** What a change is, in the subject's own terms. */
  readonly change: string
  readonly callers: readonly Callers[]
  /** True where a change blocks, so that its caller has to wait for a turn of the event loop. */
  readonly isBlocking?: boolean
  /** Whether each change writes a whole file and puts it in the place of the last: then its name needs a sync too. */
  readonly replacesFile?: boolean
  /** No more rounds than this: a change takes long. */
  readonly maxRounds?: number
  /** No more changes than this in one measure, whatever the number of callers. */
  readonly maxChanges?: number
  /** Opens what is in the folder; the initial state where there is nothing. */
  open(folder: string): Promise<OpenSubject>
}

/** The numbers of concurrent callers. */
export const CALLERS = [1, 64, 1024] as const

/** One of them. */
export type Callers = (typeof CALLERS)[number]
