import { writeJson } from './json-writer.js'
import { NOTES_ROOT, kindOf } from './state-values.js'

/**
 * A copy of what a caller wants to be kept beside a state: later changes of the original do not reach it.
 *
 * @throws TypeError for what is no object; {@link MiniSnapError} `STATE_NOT_SERIALIZABLE` for what JSON cannot carry
 */
export function copyOfNotes(notes: unknown): Readonly<Record<string, unknown>> {
  if (typeof notes !== 'object' || notes === null || kindOf(notes) !== 'object') {
    throw new TypeError('notes must be a plain object')
  }
  const text = [...writeJson(notes, { root: NOTES_ROOT })].join('')
  return JSON.parse(text) as Readonly<Record<string, unknown>>
}
