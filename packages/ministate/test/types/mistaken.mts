// What must not compile: the control of the test that runs the compilers. Nothing here runs.
import { StateManager } from '@mini-rs/ministate'
import { counter } from './consumer.mjs'

const manager = await StateManager.open('state', counter)
await manager.apply({ inc: 'ten' })
manager.state.value = 1
// @ts-expect-error nothing is wrong here
await manager.apply('reset')
