// A durable state on the screen: rendered again after every commit, and never before it is on the disk.
import { type StateManager, defineState } from '@mini-rs/ministate'
import { type ReactElement, useSyncExternalStore } from 'react'

interface CounterState {
  value: number
}

export const counter = defineState({
  initial: { value: 0 } as CounterState,
  mutations: (m) => ({
    inc: m((state, by: number) => {
      state.value += by
    }),
  }),
})

export type CounterManager = StateManager<CounterState, typeof counter.mutations>

export function Counter({ manager }: { readonly manager: CounterManager }): ReactElement {
  const { value } = useSyncExternalStore(manager.subscribe, manager.getSnapshot)
  return <button onClick={() => void manager.do.inc(1)}>{value} clicks, all of them durable</button>
}
