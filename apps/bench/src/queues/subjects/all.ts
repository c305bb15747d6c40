import type { Subject } from '../subject.js'
import { bullmq } from './bullmq.js'
import { liteque } from './liteque.js'
import { miniqueue, miniqueueInline } from './miniqueue.js'
import { plainjob } from './plainjob.js'

/** Everything that is measured, in the order of the table. */
export const allSubjects: readonly Subject[] = [
  miniqueue,
  miniqueueInline,
  plainjob,
  liteque,
  bullmq,
]
