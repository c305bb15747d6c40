import { MiniStoreError, ioError } from '../errors.js'
import { journalFiles } from '../format/file-names.js'
import type { HeldLock, LockAttempt } from '../fs/file-system.js'
import type { Settings } from '../options.js'

/** Makes this process the one writer of the journal at `base`. @throws JOURNAL_LOCKED, IO */
export async function acquireLock(
  base: string,
  { fileSystem, clock }: Settings,
): Promise<HeldLock> {
  const path = journalFiles(base).lock
  const attempt = await tryLock(path, { fileSystem, clock })
  if (attempt.kind === 'held') return attempt
  if (attempt.kind === 'unavailable') {
    throw new MiniStoreError(
      'IO',
      `${path}: no kernel lock can be taken here: ${attempt.reason}. Where nothing else writes this journal, open with lock: false`,
      { path },
    )
  }
  const { holder } = attempt
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} on ${holder.host}, since ${holder.since}`
  throw new MiniStoreError(
    'JOURNAL_LOCKED',
    `${base} is being written by ${who}; close that store first. Readers need no lock`,
    { path: base },
  )
}

async function tryLock(
  path: string,
  { fileSystem, clock }: Pick<Settings, 'fileSystem' | 'clock'>,
): Promise<LockAttempt> {
  try {
    return await fileSystem.tryLock(path, new Date(clock.now()).toISOString())
  } catch (error) {
    throw ioError('taking the lock', path, error)
  }
}
