import { Bytes } from './bytes.js'
import { type Choices, ScriptedChoices } from './choices.js'
import { type Pending, type PowerCutRules, applyPending, partsOf, remains } from './power-cut.js'

/** Identity of a file, whatever its names. */
export type FileId = number

/** One thing that was done to a disk. */
export type DiskOperation =
  | {
      readonly kind: 'write'
      readonly file: FileId
      readonly offsetBytes: number
      readonly bytes: Buffer
    }
  | { readonly kind: 'truncate'; readonly file: FileId; readonly sizeBytes: number }
  | { readonly kind: 'sync'; readonly file: FileId }
  /** A sync that failed: the pages count as clean, whatever of them reached the disk. */
  | {
      readonly kind: 'lostSync'
      readonly file: FileId
      readonly sectorBytes: number
      /** Answers to what reached the disk. */
      readonly script: readonly number[]
      /** Whether programs see the disk again, not what they had written. */
      readonly isEvicted: boolean
    }
  | NameOperation
  | { readonly kind: 'syncDirectory'; readonly directory: string }

/** One thing that was done to the names of a directory. */
export type NameOperation =
  | {
      readonly kind: 'link'
      readonly directory: string
      readonly path: string
      readonly file: FileId
    }
  | {
      readonly kind: 'rename'
      readonly directory: string
      readonly from: string
      readonly to: string
    }
  | { readonly kind: 'unlink'; readonly directory: string; readonly path: string }
  | { readonly kind: 'makeDirectory'; readonly directory: string; readonly path: string }

interface FileState {
  /** What programs see. */
  live: Bytes
  /** What a power cut surely leaves. */
  durable: Bytes
  /** Between the two, in order. */
  pending: Pending[]
  /** Whether one of them changed the size: then the next sync writes the size that programs see. */
  hasNewSize: boolean
}

/** A disk and its page cache: what is durable, what is only in memory, and what a power cut may make of it. */
export class DiskModel {
  readonly #files: Map<FileId, FileState> = new Map()
  #names: Map<string, FileId> = new Map()
  #durableNames: Map<string, FileId> = new Map()
  #directories: Set<string> = new Set(['/'])
  #durableDirectories: Set<string> = new Set(['/'])
  #pendingNames: NameOperation[] = []

  /** The file that a path names now. */
  fileAt(path: string): FileId | undefined {
    return this.#names.get(path)
  }

  /** The highest number of a file, of those without a name as well: a power cut can bring their names back. */
  get lastFile(): FileId {
    return Math.max(0, ...this.#files.keys())
  }

  /** All names of files, as programs see them. */
  get paths(): string[] {
    return [...this.#names.keys()]
  }

  hasDirectory(path: string): boolean {
    return this.#directories.has(path)
  }

  get directories(): string[] {
    return [...this.#directories]
  }

  /** The bytes of a file as programs see them; not to be kept. */
  bytesOf(file: FileId): Buffer {
    return this.#file(file).live.view()
  }

  /** The bytes of a file that a power cut surely leaves; not to be kept. */
  durableBytesOf(file: FileId): Buffer {
    return this.#file(file).durable.view()
  }

  /** How many sectors wait for a sync. */
  pendingSectors(path: string, sectorBytes: number): number {
    const pending = this.#files.get(this.#names.get(path) ?? -1)?.pending ?? []
    const parts = pending.flatMap((one) => partsOf(one, 0, sectorBytes))
    return new Set(parts.map(({ sector }) => sector)).size
  }

  apply(operation: DiskOperation): void {
    switch (operation.kind) {
      case 'write':
      case 'truncate': {
        const state = this.#file(operation.file)
        const before = state.live.sizeBytes
        applyPending(state.live, operation)
        // A truncation to the size that a file has is written as well: that is how a size is made sure of.
        const isResized = operation.kind === 'truncate' || state.live.sizeBytes !== before
        state.hasNewSize ||= isResized
        state.pending.push(operation)
        return
      }
      case 'sync':
        return this.#sync(this.#file(operation.file))
      case 'lostSync':
        return this.#loseSync(operation)
      case 'syncDirectory':
        return this.#syncDirectory(operation.directory)
      default:
        if (operation.kind === 'link') this.#create(operation.file)
        applyName(this.#names, this.#directories, operation)
        this.#pendingNames.push(operation)
    }
  }

  clone(): DiskModel {
    const copy = new DiskModel()
    for (const [id, { live, durable, pending, hasNewSize }] of this.#files) {
      copy.#files.set(id, {
        live: live.clone(),
        durable: durable.clone(),
        pending: [...pending],
        hasNewSize,
      })
    }
    copy.#names = new Map(this.#names)
    copy.#durableNames = new Map(this.#durableNames)
    copy.#directories = new Set(this.#directories)
    copy.#durableDirectories = new Set(this.#durableDirectories)
    copy.#pendingNames = [...this.#pendingNames]
    return copy
  }

  /** The disk after the power came back: any part of what was not synced may be there. */
  afterPowerCut(choices: Choices, rules: PowerCutRules): DiskModel {
    const names = new Map(this.#durableNames)
    const directories = new Set(this.#durableDirectories)
    for (const operation of this.#pendingNames) {
      if (choices.choose(2) === 0) applyName(names, directories, operation)
    }
    const after = new DiskModel()
    after.#directories = directories
    after.#durableDirectories = new Set(directories)
    for (const [path, file] of names) {
      if (!directories.has(directoryOf(path))) continue
      if (!after.#files.has(file)) {
        const state = this.#file(file)
        const left = rules.isWhole?.(path)
          ? (choices.choose(2) === 0 ? state.live : state.durable).clone()
          : remains(state, choices, rules)
        after.#files.set(file, {
          live: left,
          durable: left.clone(),
          pending: [],
          hasNewSize: false,
        })
      }
      after.#names.set(path, file)
      after.#durableNames.set(path, file)
    }
    return after
  }

  /** Changes bytes on the disk behind everybody's back: bit rot, a zeroed sector, a misdirected write. */
  damage(file: FileId, offsetBytes: number, bytes: Uint8Array): void {
    const state = this.#file(file)
    for (const one of [state.live, state.durable]) {
      const view = one.view()
      const room = Math.max(0, view.length - offsetBytes)
      view.set(bytes.subarray(0, room), Math.min(offsetBytes, view.length))
    }
  }

  #file(file: FileId): FileState {
    const state = this.#files.get(file)
    if (state === undefined) throw new Error(`the disk knows no file ${file}`)
    return state
  }

  #create(file: FileId): void {
    if (this.#files.has(file)) return
    this.#files.set(file, {
      live: new Bytes(),
      durable: new Bytes(),
      pending: [],
      hasNewSize: false,
    })
  }

  #sync(state: FileState): void {
    for (const one of state.pending) applyPending(state.durable, one)
    if (state.hasNewSize) state.durable.resize(state.live.sizeBytes)
    state.pending = []
    state.hasNewSize = false
  }

  #loseSync(lost: Extract<DiskOperation, { kind: 'lostSync' }>): void {
    const state = this.#file(lost.file)
    const { sectorBytes } = lost
    const rules: PowerCutRules = { sectorBytes, gaps: 'zero', hasPatterns: false }
    state.durable = remains(state, new ScriptedChoices(lost.script), rules)
    state.pending = []
    state.hasNewSize = false
    if (lost.isEvicted) state.live = state.durable.clone()
  }

  #syncDirectory(directory: string): void {
    const isHere = (one: NameOperation): boolean => one.directory === directory
    for (const one of this.#pendingNames.filter(isHere)) {
      applyName(this.#durableNames, this.#durableDirectories, one)
    }
    this.#pendingNames = this.#pendingNames.filter((one) => !isHere(one))
  }
}

/** Everything before the last slash. */
export function directoryOf(path: string): string {
  const cut = path.lastIndexOf('/')
  return cut <= 0 ? '/' : path.slice(0, cut)
}

function applyName(
  names: Map<string, FileId>,
  directories: Set<string>,
  operation: NameOperation,
): void {
  switch (operation.kind) {
    case 'link':
      names.set(operation.path, operation.file)
      return
    case 'unlink':
      names.delete(operation.path)
      return
    case 'makeDirectory':
      directories.add(operation.path)
      return
    case 'rename': {
      const file = names.get(operation.from)
      if (file === undefined) return // the name that was to be moved did not survive
      names.delete(operation.from)
      names.set(operation.to, file)
    }
  }
}
