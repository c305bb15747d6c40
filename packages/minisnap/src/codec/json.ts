import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import type { Envelope, SnapshotCodec } from './codec.js'
import { readJson } from './json-reader.js'
import { writeJson } from './json-writer.js'
import { NOTES_ROOT } from './state-values.js'
import { reviveTags } from './tags.js'

/** Options of {@link json}. */
export interface JsonOptions {
  /**
   * Carries Map, Set, Date, bigint and Uint8Array as `{"$type":…,"value":…}`. Default false: they are
   * refused. A store with tags also reads files without.
   */
  readonly tagged?: boolean
}

const TAGGED = 'json-tagged'
const OPTIONS: OptionNames<JsonOptions> = { tagged: true }

/**
 * JSON, for people and for every other program. Whatever would not come back as it was is refused:
 * NaN, infinities, undefined, holes, functions, symbols, class instances, lone surrogates, nesting
 * deeper than 126.
 */
export function json(options: JsonOptions = {}): SnapshotCodec {
  assertKnownOptions('options', options, OPTIONS)
  const { tagged = false } = options
  return Object.freeze({
    name: tagged ? TAGGED : 'json',
    reads: Object.freeze(tagged ? [TAGGED, 'json'] : ['json']),
    extension: 'json',
    encode: (envelope: Envelope, { pretty }: { readonly pretty: boolean }) =>
      encode(envelope, pretty, tagged),
    decode: (bytes: Uint8Array) => decode(bytes, tagged),
  })
}

function* encode(
  { notes, state, ...head }: Envelope,
  pretty: boolean,
  tagged: boolean,
): Generator<string> {
  const [comma, colon, end] = pretty ? [',\n  ', ': ', '\n}'] : [',', ':', '}']
  yield JSON.stringify(head, null, pretty ? 2 : 0).slice(0, -end.length)
  if (notes !== undefined) {
    yield `${comma}"notes"${colon}`
    yield* writeJson(notes, { pretty, outerDepth: 1, root: NOTES_ROOT })
  }
  yield `${comma}"state"${colon}`
  yield* writeJson(state, { pretty, tagged, outerDepth: 1 })
  yield end
}

function decode(bytes: Uint8Array, tagged: boolean): unknown {
  const envelope = readJson(bytes)
  if (!tagged || typeof envelope !== 'object' || envelope === null) return envelope
  const isTagged = 'codec' in envelope && envelope.codec === TAGGED && 'state' in envelope
  if (!isTagged || !mayHoldTags(bytes)) return envelope
  return { ...envelope, state: reviveTags(envelope.state) }
}

/** Looking for the key is much faster than walking a large tree; a hand that escaped its dollar is not ours, and legal. */
function mayHoldTags(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return text.includes('$type') || text.includes(String.raw`\u0024`)
}
