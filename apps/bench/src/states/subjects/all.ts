import { SIZES } from '../changes.js'
import type { Subject } from '../subject.js'
import { betterSqlite3 } from './better-sqlite3.js'
import { floor, ministore } from './logs.js'
import { ministates } from './ministate.js'
import { nedb } from './nedb.js'
import { conf, lowdb } from './whole-files.js'

/** Everything whose changes are measured, in the order of the tables. */
export const allSubjects: readonly Subject[] = [
  floor,
  ministore,
  ...ministates,
  ...[betterSqlite3, lowdb, conf, nedb].flatMap((subjectOf) => SIZES.map(subjectOf)),
]
