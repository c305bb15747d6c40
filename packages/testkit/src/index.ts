export { type Check, type CheckSubject, type ErrorShape, runCheck } from './check.js'
export {
  type Choices,
  ScriptedChoices,
  SeededChoices,
  everyCombination,
  shrinkScript,
} from './choices.js'
export {
  type Call,
  CrashFileSystem,
  type CrashFileSystemOptions,
  type Hook,
  type Lies,
  errno,
} from './crash-file-system.js'
export { type DiskOperation, DiskModel, type FileId } from './disk-model.js'
export type { LogCheck, LogSubject, MakeLog, NextFailure } from './log-checks/subject.js'
export { logChecks, logConformance } from './log-conformance.js'
export { LogError, type LogErrorCode, type LogErrorDetails } from './log-error.js'
export {
  MemoryCluster,
  type MemoryClusterOptions,
  MemoryLog,
  type MemoryLogFault,
} from './memory-log.js'
export { MemoryQueue, type MemoryQueueOptions } from './memory-queue.js'
export { MemorySnapshotStore, type MemorySnapshotStoreOptions } from './memory-snapshot-store.js'
export {
  type Ledger,
  type LedgerEntry,
  type ProofResult,
  type ProofRow,
  type ProofTitle,
  proofTable,
} from './proof.js'
export { type ProofRun, readLedger, runProofs, writeLedgerEntry } from './run-proofs.js'
export type { PowerCutRules } from './power-cut.js'
export { type PackageProofs, prove } from './prove.js'
export type { MakeQueue, QueueCheck, QueueSubject } from './queue-checks/subject.js'
export { queueChecks, queueConformance } from './queue-conformance.js'
export { QueueError, type QueueErrorCode } from './queue-error.js'
export { type RealRow, runRealRows } from './real-rows.js'
export type {
  MakeSnapshotStore,
  NextCreateFailure,
  SnapshotCheck,
  SnapshotSubject,
} from './snapshot-checks/subject.js'
export { SnapshotError, type SnapshotErrorCode } from './snapshot-error.js'
export { snapshotStoreChecks, snapshotStoreConformance } from './snapshot-store-conformance.js'
export {
  type RunWorld,
  Violation,
  type WorldsOptions,
  failureOf,
  runOneWorld,
  runWorlds,
} from './worlds.js'
