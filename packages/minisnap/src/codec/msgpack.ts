import { Packr } from 'msgpackr'
import type { Envelope, SnapshotCodec } from './codec.js'
import { assertCarried } from './state-check.js'
import { NOTES_ROOT } from './state-values.js'

/**
 * MessagePack by `msgpackr`, which is to be installed beside this package: smaller than JSON, and not for
 * people. Carries Map, Set, Date, bigint and Uint8Array; -0 comes back as 0. Packed at once, whatever `sliceMs` says.
 */
export function msgpack(): SnapshotCodec {
  // With records an object stays an object and a Map a Map; the rest is what its types are to be carried by.
  const packr = new Packr({
    useRecords: true,
    moreTypes: true,
    mapsAsObjects: false,
    useBigIntExtension: true,
    // Otherwise every Uint8Array of the state would keep the whole file in memory.
    copyBuffers: true,
  })
  return Object.freeze({
    name: 'msgpack',
    reads: Object.freeze(['msgpack']),
    extension: 'msgpack',
    *encode(envelope: Envelope) {
      if (envelope.notes !== undefined) assertCarried(envelope.notes, NOTES_ROOT)
      assertCarried(envelope.state)
      yield packr.pack(envelope)
    },
    decode: (bytes: Uint8Array): unknown => packr.unpack(Buffer.from(bytes)),
  })
}
