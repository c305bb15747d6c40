// The settings of a command-line tool or a desktop program: read without a lock, written under one, and
// clear words for whoever runs it twice. `set name value`, `get name`, or nothing for a demonstration.
import './own-folder.js'
import { MiniStateError, StateManager, defineState } from '@mini-rs/ministate'

const settings = defineState({
  initial: { values: {} as Record<string, string> },
  mutations: (m) => ({
    set: m((state, { name, value }: { name: string; value: string }) => {
      state.values[name] = value
    }),
  }),
})

async function set(name: string, value: string): Promise<void> {
  const manager = await StateManager.open('settings', settings, {
    snapshots: { everyRecords: 100 },
  })
  await manager.do.set({ name, value })
  await manager.close()
}

async function get(name: string): Promise<string | undefined> {
  // A reader takes no lock and writes nothing: it works beside the program that writes.
  const reader = await StateManager.open('settings', settings, { readOnly: true })
  const value = reader.state.values[name]
  await reader.close()
  return value
}

/** What a person should read where the codes are not enough. */
function explained(error: unknown): string {
  const { code } = error as { code?: string }
  if (code === 'JOURNAL_LOCKED') return 'the program runs already; close it first'
  if (MiniStateError.is(error) && code === 'COMMIT_FAILED') return 'the disk is full'
  throw error
}

await set('theme', 'dark')
console.log(`theme is ${await get('theme')}`)

const other = await StateManager.open('settings', settings)
await set('theme', 'light').catch((error: unknown) => console.log(explained(error)))
console.log(`beside it: theme is ${await get('theme')}`)
await other.close()
