import { MiniStateError } from './errors.js'

/** The answer to every change of a closed state. */
export function stateClosed(): MiniStateError {
  return new MiniStateError('STATE_CLOSED', 'the state is closed; open it again', {
    outcome: 'absent',
  })
}

/** The answer to every change of a state that was opened to be read. */
export function readOnly(dir: string): MiniStateError {
  return new MiniStateError(
    'READ_ONLY',
    `${dir} was opened with readOnly: mutations, snapshots and compaction are the writer's`,
    { path: dir, outcome: 'absent' },
  )
}

/** The answer to a call from inside of a recipe, or of what only looks. */
export function reentrant(): MiniStateError {
  return new MiniStateError(
    'REENTRANT',
    'a recipe, and what only looks at the state, work on what they are given, and cannot call the state for more: put both changes into one recipe, or use applyAll',
    { outcome: 'absent' },
  )
}

/** The answer to an `id` where the log knows none. */
export function idUnsupported(): MiniStateError {
  return new MiniStateError(
    'ID_UNSUPPORTED',
    'this log does not know ids: put the request id into the payload, and keep a bounded set of those that were applied in the state',
    { outcome: 'absent' },
  )
}

/** The answer to a batch that the log cannot append as one. */
export function batchUnsupported(count: number, most: number): MiniStateError {
  return new MiniStateError(
    'BATCH_UNSUPPORTED',
    `${count} mutations cannot be one commit: this log takes ${most} at once (a journal with seal: false takes one)`,
    { outcome: 'absent' },
  )
}

/** The answer to what an engine does not offer. */
export function engineUnsupported(what: string): MiniStateError {
  return new MiniStateError(
    'ENGINE_UNSUPPORTED',
    `with engine: 'inPlace' there is no ${what}, for the only state goes on changing: use read()`,
  )
}
