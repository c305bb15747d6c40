// A program that imports the built package, as one that is installed would. Nothing here runs.
import { type MutationOf, StateManager, defineState } from '@mini-rs/ministate'

export const counter = defineState({
  initial: { value: 0 },
  mutations: (m) => ({
    inc: m((state, by: number) => {
      state.value += by
      return state.value
    }),
    reset: m((state) => {
      state.value = 0
    }),
  }),
})

export async function five(): Promise<number> {
  const manager = await StateManager.open('state', counter)
  const last: number = await manager.apply({ inc: 10 })
  const { seq, result } = await manager.do.inc(5)
  const mutation: MutationOf<typeof counter> = 'reset'
  await manager.apply(mutation)
  // @ts-expect-error a number is needed
  await manager.apply({ inc: 'ten' })
  await manager.close()
  return last + seq + result + manager.state.value
}
