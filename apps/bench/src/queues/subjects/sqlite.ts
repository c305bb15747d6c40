import { peerModule } from '../../peers/install.js'

/** What we use of better-sqlite3. */
export interface SqliteDatabase {
  readonly open: boolean
  pragma(text: string): unknown
  close(): void
}

export function openSqlite(path: string): SqliteDatabase {
  const Database = peerModule<new (path: string) => SqliteDatabase>('better-sqlite3')
  return new Database(path)
}
