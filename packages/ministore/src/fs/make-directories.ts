import { errnoOf } from '../errors.js'
import { directoryOf } from '../format/file-names.js'
import type { FileSystem } from './file-system.js'

/**
 * Creates a folder and those above it that are missing; each is durable in its parent when this
 * resolves. So is one that is there already: whoever made it may have died before its name was synced.
 */
export async function makeDirectories(fileSystem: FileSystem, path: string): Promise<void> {
  const parent = directoryOf(path)
  if ((await fileSystem.stat(path))?.kind === 'directory') {
    await syncWhereAllowed(fileSystem, parent)
    return
  }
  if (parent !== path) await makeDirectories(fileSystem, parent)
  try {
    await fileSystem.makeDirectory(path)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error // EEXIST: somebody else made it meanwhile
  }
  await fileSystem.syncDirectory(parent)
}

async function syncWhereAllowed(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.syncDirectory(path)
  } catch (error) {
    const code = errnoOf(error)
    // Not ours to read, so not ours to have made anything in.
    if (code !== 'EACCES' && code !== 'EPERM') throw error
  }
}
