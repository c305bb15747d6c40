import type { FileHandle } from './file-system.js'

/** Closes a file whose bytes are synced, or no longer matter: what `close` says changes nothing, and must not hide an error before it. */
export async function closeQuietly(handle: FileHandle | undefined): Promise<void> {
  try {
    await handle?.close()
  } catch {
    // The descriptor is gone either way
  }
}
