import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The folder that the program was given, or a new temporary one. */
export async function exampleFolder(): Promise<string> {
  return process.argv[2] ?? (await mkdtemp(join(tmpdir(), 'ministore-')))
}
