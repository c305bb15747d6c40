export {
  type Choices,
  ScriptedChoices,
  SeededChoices,
  everyScript,
  shrinkScript,
} from './choices.js'
export {
  type Call,
  CrashFileSystem,
  type CrashFileSystemOptions,
  type Hook,
  errno,
} from './crash-file-system.js'
export { type DiskOperation, DiskModel, type FileId, type PowerCutRules } from './disk-model.js'
