import type { Peer } from '../peer.js'
import { betterSqlite3 } from './better-sqlite3.js'
import { classicLevel } from './classic-level.js'
import { lmdb } from './lmdb.js'
import { lowdb } from './lowdb.js'
import { ministore, ministoreInline } from './ministore.js'
import { appendAndSync, floor, lineReader } from './plain-files.js'

/** Everything that is measured, in the order of the table. */
export const allPeers: readonly Peer[] = [
  floor,
  ministore,
  ministoreInline,
  lmdb,
  betterSqlite3,
  classicLevel,
  appendAndSync,
  lowdb,
  lineReader,
]
