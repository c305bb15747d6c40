import { MiniStoreError, errnoOf, ioError } from './errors.js'
import { baseName, directoryOf } from './format/file-names.js'
import type { FileKind, FileStat, FileSystem } from './fs/file-system.js'
import { makeDirectories } from './fs/make-directories.js'

/** The one true path of a journal that is to be read; undefined when not even its folder is there. */
export async function tryResolveBase(
  fileSystem: FileSystem,
  path: string,
): Promise<string | undefined> {
  assertPath(path)
  const base = await tryRealPath(fileSystem, path)
  if (base !== undefined) return requireFile(fileSystem, base)
  const directory = await tryRealPath(fileSystem, directoryOf(path))
  return directory === undefined ? undefined : joined(directory, baseName(path))
}

/** {@link tryResolveBase} for a writer: the folder of a new journal is created, and durable in its parent. */
export async function resolveBase(fileSystem: FileSystem, path: string): Promise<string> {
  assertPath(path)
  const base = await tryRealPath(fileSystem, path)
  if (base !== undefined) return requireFile(fileSystem, base)
  try {
    await makeDirectories(fileSystem, directoryOf(path))
    await assertFolder(fileSystem, path)
    return joined(await fileSystem.realPath(directoryOf(path)), baseName(path))
  } catch (error) {
    throw ioError('creating the folder', path, error)
  }
}

function assertPath(path: unknown): void {
  if (typeof path !== 'string' || baseName(path) === '') {
    throw new TypeError('path must be a string that names a file')
  }
}

async function tryRealPath(fileSystem: FileSystem, path: string): Promise<string | undefined> {
  try {
    return await fileSystem.realPath(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined // nothing there yet
    if (errnoOf(error) === 'ENOTDIR') await assertFolder(fileSystem, path)
    throw ioError('resolving the path', path, error)
  }
}

/** Looks for a file where the path needs a folder. Not every system tells that from a path that is not there. */
async function assertFolder(fileSystem: FileSystem, path: string): Promise<void> {
  for (let folder = directoryOf(path); ; folder = directoryOf(folder)) {
    const kind = await kindOf(fileSystem, folder)
    if (kind === 'file') throw notFolderError(folder, path)
    if (kind !== undefined || directoryOf(folder) === folder) return
  }
}

async function kindOf(fileSystem: FileSystem, path: string): Promise<FileKind | undefined> {
  try {
    return (await fileSystem.stat(path))?.kind
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined // the file is further up
    throw error
  }
}

async function requireFile(fileSystem: FileSystem, path: string): Promise<string> {
  const stat = await tryStat(fileSystem, path)
  if (stat !== undefined && stat.kind !== 'file') throw notFileError(path)
  return path
}

async function tryStat(fileSystem: FileSystem, path: string): Promise<FileStat | undefined> {
  try {
    return await fileSystem.stat(path)
  } catch (error) {
    throw ioError('looking at the path', path, error)
  }
}

function notFileError(path: string): MiniStoreError {
  return new MiniStoreError(
    'PATH_NOT_FILE',
    `${path} is not a file; pass the path of the journal file itself, such as state/journal.jsonl`,
    { path },
  )
}

function notFolderError(folder: string, path: string): MiniStoreError {
  return new MiniStoreError(
    'PATH_NOT_FOLDER',
    `${folder} is a file, and a folder is needed there, for ${path}; pass another path, or move that file away`,
    { path: folder },
  )
}

function joined(directory: string, name: string): string {
  const separator = directory.includes('\\') ? '\\' : '/'
  return directory.endsWith(separator) ? `${directory}${name}` : `${directory}${separator}${name}`
}
