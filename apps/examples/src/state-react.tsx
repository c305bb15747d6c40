// A durable state on the screen: rendered again after every commit, and never before it is on the disk.
import { type ManagerOf, defineState } from '@mini-rs/ministate'
import { type ReactElement, useSyncExternalStore } from 'react'

export const counter = defineState({
  initial: { value: 0 },
  mutations: (m) => ({
    inc: m((state, by: number) => {
      state.value += by
    }),
  }),
})

export type CounterManager = ManagerOf<typeof counter>

export function Counter({ manager }: { readonly manager: CounterManager }): ReactElement {
  const { value } = useSyncExternalStore(manager.subscribe, manager.getSnapshot)
  return <button onClick={() => void manager.do.inc(1)}>{value} clicks, all of them durable</button>
}
