// A metadata store: which models there are, in which version, and who may use them. Small enough to be held
// in memory whole, and it must never be lost.
import './own-folder.js'
import { MiniStateError, StateManager, defineState } from '@mini-rs/ministate'

// Without `readonly`: recipes change it. Readers of the state get it read-only all the same.
interface Model {
  version: number
  file: string
  tags: string[]
}

const registry = defineState({
  initial: { models: new Map<string, Model>() },
  mutations: (m) => ({
    register: m((state, { name, ...model }: Model & { name: string }, context) => {
      const known = state.models.get(name)
      if (known !== undefined && known.version >= model.version) {
        return context.reject('NOT_NEWER', `${name} is at version ${known.version}`)
      }
      state.models.set(name, model)
    }),
    retag: m((state, { name, tags }: { name: string; tags: string[] }, context) => {
      const model = state.models.get(name)
      if (model === undefined) return context.reject('UNKNOWN', name)
      model.tags = tags
    }),
    remove: m((state, name: string, context) => {
      if (!state.models.delete(name)) context.reject('UNKNOWN', name)
    }),
  }),
})

const manager = await StateManager.open('registry', registry, {
  snapshots: { everyBytes: 'auto', onClose: true },
})
const { models } = manager.state
const version = (models.get('whisper')?.version ?? 0) + 1
await manager.do.register({ name: 'whisper', version, file: 'whisper.onnx', tags: ['speech'] })
await manager.do.register({ name: 'llama', version, file: 'llama.gguf', tags: ['text', 'chat'] })
await manager.do.retag({ name: 'llama', tags: ['text', 'chat', 'speech'] })

try {
  await manager.do.register({ name: 'whisper', version, file: 'other.onnx', tags: [] })
} catch (error) {
  if (!MiniStateError.is(error)) throw error
  console.log(error.code, error.rejection?.code) // REJECTED NOT_NEWER
}

// A query is a function of the state.
const tagged = (tag: string): string[] =>
  [...manager.state.models].flatMap(([name, { tags }]) => (tags.includes(tag) ? [name] : []))
console.log(`speech: ${tagged('speech').join(', ')}`)
console.log(`whisper is at version ${manager.state.models.get('whisper')?.version}`)

// Decide on the newest state, and log only where there is something to do.
await manager.update(({ models: now }) => (now.has('llama') ? { remove: 'llama' } : undefined))
console.log(`${manager.state.models.size} model is left`)
await manager.close()
