export {
  MiniQueueError,
  type MiniQueueErrorCode,
  type MiniQueueErrorDetails,
  type PayloadIssue,
} from './errors.js'
export type { Job } from './job.js'
export type {
  BackoffPlan,
  DeathReason,
  JobError,
  JobStatus,
  PreviousDelivery,
} from './job-types.js'
export type {
  DeadMessage,
  MessageCounts,
  MessageLease,
  MessageQueue,
  NackOptions,
  ReceiveOptions,
  SendOptions,
  Sent,
} from './message-port.js'
export type { Dedup, EnqueueOptions, Enqueued } from './queue/enqueue-options.js'
export type {
  DeadFilter,
  DeadLetter,
  DeadLetters,
  DeadListOptions,
  RedrivePreview,
} from './queue/dead-letters.js'
export type { Explanation, JobReference } from './queue/explanation.js'
export type { ListOptions } from './queue/inspecting.js'
export type { JobChanges, PurgeOptions, PurgeableStatus } from './queue/managing.js'
export type { Schedule, Schedules } from './schedules/schedules.js'
export type { ScheduleDefinition, ScheduledJobOptions } from './schedules/schedule-options.js'
export type { HistoryEntry } from './records/history.js'
export type { QueueEventName, QueueEvents } from './queue/events.js'
export type { JobLease } from './queue/lease.js'
export { MiniQueue, type QueueSummary } from './queue/mini-queue.js'
export type { JobInput, Queue, QueueStats } from './queue/queue.js'
export type {
  BackoffFunction,
  Limiter,
  Limits,
  MiniQueueOptions,
  QueueOptions,
  Retention,
} from './queue/queue-options.js'
export type { Transaction } from './queue/transaction.js'
export type { DedupWindow } from './table/finished-window.js'
export type { GroupRules } from './table/ready-set.js'
export { NonRetryableError, RetryAfterError } from './worker/worker-errors.js'
export type {
  BatchHandler,
  CloseOptions,
  CloseReport,
  Handler,
  HandlerContext,
  HandlerTransaction,
  ProcessOptions,
} from './worker/worker-types.js'
export type { Worker } from './worker/worker.js'
