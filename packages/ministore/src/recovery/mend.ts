import { errnoOf } from '../errors.js'
import { NEWLINE } from '../format/bytes.js'
import { type JournalFiles, tornPath } from '../format/file-names.js'
import { crc32 } from '../format/crc32.js'
import type { FileHandle } from '../fs/file-system.js'
import { readFully, writeAll } from '../fs/write-all.js'
import type { Settings } from '../options.js'
import { type Checkpoint, findNewlines } from '../read/segment-scanner.js'
import type { SetAside } from './report.js'

const CHUNK_BYTES = 1024 * 1024

/** Writes the newline that the last commit lacks. Its seal was whole, so it had been written whole. */
export async function healNewline(
  handle: FileHandle,
  files: JournalFiles,
  good: Checkpoint,
  newlineAt: number,
): Promise<Checkpoint> {
  await writeAll(handle, Uint8Array.of(NEWLINE), newlineAt)
  await handle.sync()
  const healed = Buffer.alloc(newlineAt + 1 - good.offsetBytes)
  if ((await readFully(handle, healed, good.offsetBytes)) < healed.length) {
    throw new Error(`${files.active} became shorter while it was healed`)
  }
  return {
    offsetBytes: newlineAt + 1,
    crc: crc32(healed, good.crc),
    recordCount: good.recordCount + findNewlines(healed, 0, healed.length).length,
  }
}

/** Moves everything behind `good` into a file of its own, which is durable before the journal is cut. */
export async function setAsideTail(
  handle: FileHandle,
  files: JournalFiles,
  good: Checkpoint,
  { fileSystem, clock, mode }: Settings,
): Promise<SetAside> {
  const { offsetBytes } = good
  const sizeBytes = handle.sizeSync() - offsetBytes
  const { aside, path } = await createAside(files, offsetBytes, clock.now(), { fileSystem, mode })
  try {
    await copyRange(handle, offsetBytes, sizeBytes, (bytes, at) => writeAll(aside, bytes, at))
    await aside.sync()
  } finally {
    await aside.close()
  }
  // Without this a power cut could keep the cut and lose the copy's name.
  await fileSystem.syncDirectory(files.directory)
  await handle.truncate(offsetBytes)
  await handle.sync()
  return { path, offsetBytes, sizeBytes }
}

async function createAside(
  files: JournalFiles,
  offsetBytes: number,
  nowMs: number,
  { fileSystem, mode }: Pick<Settings, 'fileSystem' | 'mode'>,
): Promise<{ aside: FileHandle; path: string }> {
  for (let timeMs = nowMs; ; timeMs++) {
    const path = tornPath(files.active, timeMs, offsetBytes)
    try {
      return { aside: await fileSystem.open(path, 'createNew', mode), path }
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error // EEXIST: set aside in the same millisecond; the next one is free
    }
  }
}

/**
 * Writes the bytes of `[from, to)` once more, and the size, and syncs them. After a failed sync the page
 * cache can hold, as clean, what the disk does not: nothing may be shown before it is surely there, and
 * nothing that was cut may come back.
 */
export async function rewriteInPlace(handle: FileHandle, from: number, to: number): Promise<void> {
  await copyRange(handle, from, to - from, (bytes, at) => writeAll(handle, bytes, from + at))
  await handle.truncate(to)
  await handle.sync()
}

async function copyRange(
  source: FileHandle,
  offsetBytes: number,
  sizeBytes: number,
  write: (bytes: Uint8Array, at: number) => Promise<void>,
): Promise<void> {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sizeBytes))
  for (let at = 0; at < sizeBytes;) {
    const part = chunk.subarray(0, Math.min(chunk.length, sizeBytes - at))
    const count = await readFully(source, part, offsetBytes + at)
    if (count === 0) throw new Error('the file became shorter while it was read')
    await write(part.subarray(0, count), at)
    at += count
  }
}
