export { isHeldOpen } from './busy.js'
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
export { type ReplaceOptions, isTemporary, replaceFile } from './replace-file.js'
export { readFully, writeAll, writeAllSync } from './write-all.js'
