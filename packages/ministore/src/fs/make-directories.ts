import { errnoOf } from '../errors.js'
import { directoryOf } from '../format/file-names.js'
import type { FileSystem } from './file-system.js'

/** Creates a folder and those above it that are missing; each is durable in its parent when this resolves. */
export async function makeDirectories(fileSystem: FileSystem, path: string): Promise<void> {
  if ((await fileSystem.stat(path))?.kind === 'directory') return
  const parent = directoryOf(path)
  if (parent !== path) await makeDirectories(fileSystem, parent)
  try {
    await fileSystem.makeDirectory(path)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error // EEXIST: somebody else made it meanwhile
  }
  await fileSystem.syncDirectory(parent)
}
