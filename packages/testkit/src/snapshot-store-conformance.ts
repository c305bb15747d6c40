import { type CheckGroup, registerChecks } from './register-checks.js'
import { concurrencyChecks } from './snapshot-checks/concurrency.js'
import { creatingChecks } from './snapshot-checks/creating.js'
import { failingChecks } from './snapshot-checks/failing.js'
import { keepingChecks } from './snapshot-checks/keeping.js'
import { restoringChecks } from './snapshot-checks/restoring.js'
import type {
  MakeSnapshotStore,
  SnapshotCheck,
  SnapshotSubject,
} from './snapshot-checks/subject.js'

const GROUPS: readonly CheckGroup<SnapshotSubject>[] = [
  ['creating', creatingChecks],
  ['restoring', restoringChecks],
  ['keeping', keepingChecks],
  ['failing', failingChecks],
  ['at once', concurrencyChecks],
]

/** Every promise of the `SnapshotStore` port, as plain functions. */
export const snapshotStoreChecks: readonly SnapshotCheck[] = GROUPS.flatMap(([, checks]) => checks)

/**
 * Registers one test for each promise of the `SnapshotStore` port; a store passes them all. What a
 * store cannot be asked is skipped, and the report says why.
 */
export function snapshotStoreConformance(name: string, makeStore: MakeSnapshotStore): void {
  registerChecks(`${name}, as a SnapshotStore`, GROUPS, makeStore)
}
