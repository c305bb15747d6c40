import { appendFileSync } from 'node:fs'

/** What one proof came to: a line of the table of proofs. */
export interface Proof {
  readonly row: string
  /** How often the fault was made. */
  readonly count: number
  readonly seed: number | undefined
  /** How often a promise was broken. */
  readonly failures: number
  /** What else was counted or measured. */
  readonly figures?: Readonly<Record<string, unknown>>
}

/** Appends a proof to the file that `PROOF_FILE` names, as one line of JSON. Without it: nothing. */
export function recordProof(proof: Proof): void {
  const path = process.env['PROOF_FILE']
  if (path === undefined || path === '') return
  appendFileSync(path, `${JSON.stringify({ at: new Date().toISOString(), ...proof })}\n`)
}

/** Runs what proves a row and records it, also when it fails. `figures` is read at the end. */
export async function proving(
  proof: Omit<Proof, 'failures' | 'figures'>,
  figures: () => Readonly<Record<string, unknown>>,
  body: () => Promise<void>,
): Promise<void> {
  let failures = 1
  try {
    await body()
    failures = 0
  } finally {
    recordProof({ ...proof, failures, figures: figures() })
  }
}

/** How often a fault is to be made: the environment's number, or the small one for `npm test`. */
export function countFromEnv(name: string, usual: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return usual
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`${name} must be a whole number from 1, not ${text}`)
  }
  return count
}
