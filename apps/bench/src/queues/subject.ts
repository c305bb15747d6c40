/** What every job holds: 120 bytes of JSON. */
export interface JobData {
  readonly n: number
  readonly text: string
}

const JOB_BYTES = 120

/** The n-th job. */
export function jobData(n: number): JobData {
  const overhead = '{"n":,"text":""}'.length + String(n).length
  return { n, text: 'x'.repeat(JOB_BYTES - overhead) }
}

/** A queue in a folder of its own, opened. */
export interface OpenQueue {
  /** Resolves when the job is as durable as the subject makes it; answers nothing if it blocked. */
  enqueue(n: number): Promise<unknown> | undefined
  /** Jobs at once, by the subject's own means for that; durability does not matter here. */
  fill(numbers: readonly number[]): Promise<unknown> | undefined
  /** Works on jobs until `onJob` answers false. Resolves when all that it was shown are done for good. */
  drain(concurrency: number, onJob: (n: number) => boolean): Promise<void>
  /** Jobs that wait or run. */
  pending(): Promise<number>
  close(): Promise<void>
}

/** A way to queue jobs, and what of it is measured. */
export interface Subject {
  readonly name: string
  /** The package that has to be there; none for ours. */
  readonly needs?: string
  /** The program that has to be there. */
  readonly needsProgram?: string
  /** What it is, in its own terms. */
  readonly how: string
  /** The largest number of callers that makes sense; all of them by default. */
  readonly maxCallers?: number
  /** True where an enqueue blocks, so that its caller has to wait for a turn of the event loop. */
  readonly isBlocking?: boolean
  /** About as many jobs as it drains in a second at best: how many have to be there. */
  readonly jobsPerSecond: number
  open(folder: string): Promise<OpenQueue>
}

/** Before each job whose latency is measured: the worker waits again, its last ack done. */
export const LATENCY_REST_MS = 5

/** What is measured of every subject, each in its turn, beside the floor. */
export const MEASURES = [
  { key: 'enqueue1', title: 'enqueue, 1 caller', callers: 1 },
  { key: 'enqueue200', title: '200 callers', callers: 200 },
  { key: 'drain1', title: 'drain, concurrency 1', concurrency: 1 },
  { key: 'drain100', title: '100', concurrency: 100 },
  { key: 'latency', title: 'latency' },
] as const

/** One of them. */
export type Measure = (typeof MEASURES)[number]
export type MeasureKey = Measure['key']

/** Whether a subject takes part. */
export function takesPart(subject: Subject, measure: Measure): boolean {
  return !('callers' in measure) || measure.callers <= (subject.maxCallers ?? Infinity)
}
