import type { FileHandle } from './file-system.js'

/** Writes every byte at `offsetBytes`, however often the disk takes only a part. */
export async function writeAll(
  handle: FileHandle,
  bytes: Uint8Array,
  offsetBytes: number,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += requireProgress(await handle.write(rest(bytes, done), offsetBytes + done))
  }
}

/** {@link writeAll} on the calling thread. */
export function writeAllSync(handle: FileHandle, bytes: Uint8Array, offsetBytes: number): void {
  for (let done = 0; done < bytes.length;) {
    done += requireProgress(handle.writeSync(rest(bytes, done), offsetBytes + done))
  }
}

/** Nearly always all of them: then there is no other view to be made. */
function rest(bytes: Uint8Array, done: number): Uint8Array {
  return done === 0 ? bytes : bytes.subarray(done)
}

/** Reads until `into` is full or the file ends; resolves to the count. */
export async function readFully(
  handle: FileHandle,
  into: Uint8Array,
  offsetBytes: number,
): Promise<number> {
  let done = 0
  while (done < into.length) {
    const count = await handle.read(into.subarray(done), offsetBytes + done)
    if (count === 0) break
    done += count
  }
  return done
}

function requireProgress(count: number): number {
  if (count > 0) return count
  throw Object.assign(new Error('the disk took no byte of a write, and named no reason'), {
    code: 'EIO',
  })
}
