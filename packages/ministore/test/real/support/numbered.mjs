// The records of the real proofs: their content follows from their number, so that anyone can check it.

/** The record that must have this sequence number. */
export function recordOf(n) {
  return { n, text: 'x'.repeat((n * 7919) % 400) }
}

/** Prints one line; a pipe takes it before this returns. */
export function say(line) {
  process.stdout.write(`${line}\n`)
}
