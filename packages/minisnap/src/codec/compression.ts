import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { MiniSnapError } from '../errors.js'

/** How the bytes of a file are packed. */
export type Compression = 'none' | 'gzip' | 'zstd'

type Packed = Exclude<Compression, 'none'>

/** What of node:zlib a kind needs; Node.js 20 has no zstd, and its types do not either. */
interface Packer {
  readonly compress: () => NodeJS.ReadWriteStream
  readonly decompress: () => NodeJS.ReadWriteStream
}

/** Packs content piece by piece, in the thread pool. @throws {@link MiniSnapError} `COMPRESSION_UNAVAILABLE` */
export function compress(
  kind: Compression,
  content: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (kind === 'none') return content
  return through(content, packerOf(kind).compress())
}

/** Unpacks a file whole. @throws as {@link unpack} */
export async function decompress(kind: Packed, bytes: Uint8Array): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of unpack(kind, [bytes])) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Unpacks a file piece by piece. @throws {@link MiniSnapError} `COMPRESSION_UNAVAILABLE`; what zlib throws for bytes that are cut or damaged */
export function unpack(
  kind: Packed,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  return through(content, packerOf(kind).decompress())
}

/** @throws {@link MiniSnapError} `COMPRESSION_UNAVAILABLE` where this Node.js cannot do it */
export function assertAvailable(kind: Compression): void {
  if (kind !== 'none') packerOf(kind)
}

async function* through(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  packer: NodeJS.ReadWriteStream,
): AsyncGenerator<Uint8Array> {
  // An error of the content ends the packer as well, and so the loop below.
  const feeding = pipeline(Readable.from(content), packer)
  feeding.catch(() => undefined) // told by the loop, or by the line behind it
  for await (const piece of packer) yield piece as unknown as Uint8Array
  await feeding
}

function packerOf(kind: Packed): Packer {
  if (kind === 'gzip') {
    return { compress: () => zlib.createGzip(), decompress: () => zlib.createGunzip() }
  }
  const { createZstdCompress, createZstdDecompress } = zlib as Partial<
    Record<'createZstdCompress' | 'createZstdDecompress', () => NodeJS.ReadWriteStream>
  >
  if (createZstdCompress === undefined || createZstdDecompress === undefined) throw noZstd()
  return { compress: () => createZstdCompress(), decompress: () => createZstdDecompress() }
}

function noZstd(): MiniSnapError {
  return new MiniSnapError(
    'COMPRESSION_UNAVAILABLE',
    `this Node.js (${process.version}) has no zstd: it came with 22.15 and 23.8; run a newer one, or use gzip`,
  )
}
