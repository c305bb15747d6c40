import { MiniSnapError, messageOf } from './errors.js'

/** The steps from one version of a state's shape to the next, each by the version that it takes. */
export type Migrations = Readonly<Record<number, (state: never) => unknown>>

/** Where a state came from, for messages. */
interface Origin {
  readonly path: string
  readonly seq: number
  readonly version: number
}

/**
 * Takes a state from its version to the wanted one, step by step. Nothing is written.
 *
 * @throws {@link MiniSnapError} `SNAPSHOT_TOO_NEW`, `MIGRATION_FAILED`
 */
export async function migrateState(
  state: unknown,
  { path, seq, version }: Origin,
  migrations: Migrations,
  wanted: number,
): Promise<unknown> {
  if (version > wanted) {
    throw new MiniSnapError(
      'SNAPSHOT_TOO_NEW',
      `${path} has version ${version}, and this program knows versions up to ${wanted}: run the newer program, or restore an older snapshot with atOrBefore`,
      { path, seq },
    )
  }
  let migrated = state
  for (let from = version; from < wanted; from++) {
    const step = migrations[from] as ((state: unknown) => unknown) | undefined
    if (step === undefined) throw failed(`there is no step from version ${from}`, { path, seq })
    try {
      migrated = await step(migrated)
    } catch (error) {
      throw failed(`the step from version ${from}: ${messageOf(error)}`, { path, seq }, error)
    }
  }
  return migrated
}

function failed(
  what: string,
  { path, seq }: { readonly path: string; readonly seq: number },
  cause?: unknown,
): MiniSnapError {
  return new MiniSnapError(
    'MIGRATION_FAILED',
    `${path}: ${what}. Nothing was changed; mend the step and restore again`,
    { path, seq, cause },
  )
}
