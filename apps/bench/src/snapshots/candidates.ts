import { closeSync, fdatasyncSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { SnapStore, type SnapStoreOptions } from '@mini-rs/minisnap'
import { msgpack } from '@mini-rs/minisnap/msgpack'
import { peerModule } from '../peers/install.js'

/** A way to save a state in a folder and to load it again. */
export interface Candidate {
  readonly name: string
  /** The package that has to be there. */
  readonly needs?: string
  /** Saves the state. */
  create(state: unknown, folder: string): Promise<unknown>
  /** What was saved last. */
  restore(folder: string): Promise<unknown>
}

function minisnap(
  name: string,
  options: SnapStoreOptions<unknown>,
  mode: 'sliced' | 'atOnce' = 'sliced',
): Candidate {
  return {
    name: `minisnap ${name}`.trimEnd(),
    create: (state, folder) => new SnapStore(folder, options).create(state, 1, { mode }),
    restore: async (folder) => (await new SnapStore(folder, options).restore()).state,
  }
}

/** The raw disk: one synchronous write of the same JSON, and the syncs that make it durable. */
const floor: Candidate = {
  name: 'write + fdatasync',
  async create(text, folder) {
    const file = openSync(fileIn(folder), 'w')
    writeAllSync(file, text as Buffer)
    fdatasyncSync(file)
    closeSync(file)
    const directory = openSync(folder, 'r')
    fsyncSync(directory)
    closeSync(directory)
  },
  restore: async (folder) => JSON.parse(readFileSync(fileIn(folder), 'utf8')) as unknown,
}

const writeFileAtomic: Candidate = {
  name: 'JSON.stringify + write-file-atomic',
  needs: 'write-file-atomic',
  create: (state, folder) =>
    peerModule<(path: string, text: string) => Promise<void>>('write-file-atomic')(
      fileIn(folder),
      JSON.stringify(state),
    ),
  restore: async (folder) => JSON.parse(await readFile(fileIn(folder), 'utf8')) as unknown,
}

const v8Serialize: Candidate = {
  name: 'v8.serialize + writeFile',
  create: (state, folder) => writeFile(fileIn(folder), serialize(state)),
  restore: async (folder) => deserialize(await readFile(fileIn(folder))) as unknown,
}

interface Msgpackr {
  pack(value: unknown): Uint8Array
  unpack(bytes: Uint8Array): unknown
}

const msgpackr: Candidate = {
  name: 'msgpackr + writeFile',
  needs: 'msgpackr',
  create: (state, folder) =>
    writeFile(fileIn(folder), peerModule<Msgpackr>('msgpackr').pack(state)),
  restore: async (folder) =>
    peerModule<Msgpackr>('msgpackr').unpack(await readFile(fileIn(folder))),
}

interface LowFile {
  read(): Promise<unknown>
  write(state: unknown): Promise<void>
}

const lowdb: Candidate = {
  name: 'lowdb JSONFile',
  needs: 'lowdb',
  create: (state, folder) => lowFile(folder).write(state),
  restore: (folder) => lowFile(folder).read(),
}

function lowFile(folder: string): LowFile {
  const { JSONFile } = peerModule<{ JSONFile: new (path: string) => LowFile }>('lowdb/node')
  return new JSONFile(fileIn(folder))
}

/** All of them; the floor is first. */
export const CANDIDATES: readonly Candidate[] = [
  floor,
  minisnap('', { pretty: false }),
  minisnap('pretty', {}),
  minisnap('atOnce', { pretty: false }, 'atOnce'),
  minisnap('gzip', { pretty: false, compression: 'gzip' }),
  minisnap('msgpack', { codec: msgpack() }),
  writeFileAtomic,
  v8Serialize,
  msgpackr,
  lowdb,
]

function fileIn(folder: string): string {
  return join(folder, 'state')
}

function writeAllSync(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done)
}
