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
  { equal = Object.is }: { readonly equal?: (a: T, b: T) => boolean },
): () => void {
  let selected = selector(source.state)
  return source.subscribe(() => {
    const previous = selected
    const next = selector(source.state)
    if (equal(previous, next)) return
    selected = next
    onChange(next, previous)
  })
}
