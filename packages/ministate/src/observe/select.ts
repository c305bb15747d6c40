import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'

interface SelectOptions<T> {
  readonly equal?: (a: T, b: T) => boolean
}

const OPTIONS: OptionNames<SelectOptions<unknown>> = { equal: true }

/** What {@link select} observes. */
export interface Selectable<S> {
  readonly state: S
  subscribe(listener: () => void): () => void
}

/** Calls `onChange` when what `selector` picks has changed. */
export function select<S, T>(
  source: Selectable<S>,
  selector: (state: S) => T,
  onChange: (selected: T, previous: T) => void,
  options: SelectOptions<T>,
): () => void {
  assertKnownOptions('options', options, OPTIONS)
  const { equal = Object.is } = options
  let selected = selector(source.state)
  return source.subscribe(() => {
    const previous = selected
    const next = selector(source.state)
    if (equal(previous, next)) return
    selected = next
    onChange(next, previous)
  })
}
