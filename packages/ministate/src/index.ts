export {
  type MutationOf,
  type StateDefinition,
  type StateOf,
  type StateOptions,
  defineState,
} from './definition/define-state.js'
export type { Given, Immutable, ImmutableBytes, ImmutableDate } from './definition/immutable.js'
export type {
  AnyResult,
  Anything,
  AppliedMutation,
  AppliedMutations,
  AppliedPayload,
  Done,
  MadeWithM,
  Mutation,
  MutationBuilder,
  MutationCalls,
  MutationInput,
  MutationInputs,
  PayloadSchema,
  PayloadVersions,
  Recipe,
  RecipeContext,
  Refused,
  SchemaInput,
  SchemaOutput,
  Sync,
} from './definition/mutation-types.js'
export type { Skip } from './definition/compiled.js'
export {
  MiniStateError,
  type MiniStateErrorCode,
  type MiniStateErrorDetails,
  type PayloadIssue,
  type Rejection,
} from './errors.js'
export type { ManagerOf } from './manager-of.js'
export type { AppliedAll, ApplyOptions, StateStats, StateStatus } from './manager-types.js'
export type { StateRecovery } from './open-state.js'
export type { Engine, SnapshotPolicy, StateManagerOptions } from './options.js'
export type { Change } from './read/changes.js'
export type { DryRun } from './read/dry-run.js'
export type { HistoryEntry } from './read/time-travel.js'
export type {
  NondeterministicRecord,
  SnapshotVerdict,
  StateVerification,
} from './read/verify-state.js'
export type { SnapshotStats } from './snapshots/snapshotter.js'
export { type InPlaceStateManager, StateManager } from './state-manager.js'
