import type { Envelope } from '../codec/codec.js'
import { kindOf } from '../codec/state-values.js'

/** Files without a version are of the first: the Rust crate's. */
const FIRST_VERSION = 1

/** What a file says of its state. */
export interface FoundEnvelope {
  readonly version: number
  /** Undefined in files of the Rust crate. */
  readonly createdAt: string | undefined
  readonly codec: string
  readonly notes: Readonly<Record<string, unknown>> | undefined
  readonly state: unknown
}

/** What a codec has read, checked. @throws Error with the reason, for a person */
export function parseEnvelope(value: unknown, seq: number): FoundEnvelope {
  if (typeof value !== 'object' || value === null) throw new Error('it holds no envelope')
  const {
    seq: found,
    version = FIRST_VERSION,
    createdAt,
    codec = 'json',
    notes,
  } = value as Partial<Record<keyof Envelope, unknown>>
  if (found !== seq) throw new Error(`it says that its sequence number is ${String(found)}`)
  if (!isVersion(version)) throw new Error(`its version is ${String(version)}`)
  if (createdAt !== undefined && typeof createdAt !== 'string') {
    throw new Error('its createdAt is no text')
  }
  if (typeof codec !== 'string') throw new Error('its codec is no text')
  if (notes !== undefined && !isRecord(notes)) throw new Error('its notes are no object')
  if (!('state' in value)) throw new Error('it holds no state')
  return { version, createdAt, codec, notes, state: value.state }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && kindOf(value) === 'object'
}

/** Whether a value can be the version of a state's shape. */
export function isVersion(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1
}
