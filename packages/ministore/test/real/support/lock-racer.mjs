// A process that opens and closes journals when it is told to, and says how that went.
// The library is named by its caller: a copy of it elsewhere does not find the optional add-on.
const [library] = process.argv.slice(2)
const { MiniStore } = await import(library)

let store

const commands = {
  open: async ({ path, aheadMs = 0 }) => {
    const clock = { now: () => Date.now() + aheadMs, monotonicMs: () => performance.now() }
    store = await MiniStore.open(path, { clock })
    return { lock: store.recovery.lock, verdict: store.recovery.verdict }
  },
  append: async ({ record }) => ({ seq: await store.append(record) }),
  close: async () => {
    await store?.close()
    store = undefined
    return {}
  },
}

process.on('message', (message) => {
  commands[message.command](message).then(
    (answer) => process.send({ isDone: true, ...answer }),
    (error) => process.send({ isDone: false, code: error.code, message: error.message }),
  )
})
process.send({ isDone: true })
