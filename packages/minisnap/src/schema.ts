import type { StandardSchema } from '@mini-rs/ministore'
import { MiniSnapError } from './errors.js'

/** What the schema makes of a restored state. @throws {@link MiniSnapError} `STATE_INVALID` */
export async function validateState<S>(
  state: unknown,
  { path, seq }: { readonly path: string; readonly seq: number },
  schema: StandardSchema<unknown, S> | undefined,
): Promise<S> {
  if (schema === undefined) return state as S
  const result = await schema['~standard'].validate(state)
  if (result.issues === undefined) return result.value
  const issues = result.issues.map(({ message, path: at = [] }) => `${pathOf(at)}: ${message}`)
  throw new MiniSnapError(
    'STATE_INVALID',
    `${path} is whole, and its state does not fit the schema: ${issues.join('; ')}. Mend the schema, or raise the version and add a migration`,
    { path, seq, cause: result.issues },
  )
}

function pathOf(segments: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  const keys = segments.map((one) => String(typeof one === 'object' ? one.key : one))
  return ['$', ...keys].join('.')
}
