export type {
  FileHandle,
  FileKind,
  FileStat,
  FileSystem,
  HeldLock,
  LockAttempt,
  LockMechanism,
  LockOwner,
  OpenMode,
} from './file-system.js'
export { makeDirectories } from './make-directories.js'
export { nodeFileSystem } from './node-file-system.js'
export { replaceFile } from './replace-file.js'
export { readFully, writeAll, writeAllSync } from './write-all.js'
