import { copyFileSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StateManager, defineState } from '@mini-rs/ministate'
import { temporaryFolder } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'

const FIXTURES = fileURLToPath(new URL('fixtures/rust-registry', import.meta.url))
const JOURNAL = 'registry.wal.jsonl'

interface Component {
  readonly name: string
  readonly version: string
  readonly tags: readonly string[]
  readonly weight: number | null
  enabled: boolean
}

const registry = defineState({
  initial: { components: {} as Record<string, Component>, revision: 0 },
  mutations: (m) => ({
    Register: m((state, component: Component) => {
      state.components[component.name] = component
      state.revision++
    }),
    Remove: m((state, { name }: { name: string }) => {
      delete state.components[name]
      state.revision++
    }),
    Enable: m((state, { name, enabled }: { name: string; enabled: boolean }) => {
      const component = state.components[name]
      if (component !== undefined) component.enabled = enabled
      state.revision++
    }),
  }),
})

function copyOfFixture(): string {
  const folder = temporaryFolder()
  for (const name of readdirSync(FIXTURES)) copyFileSync(join(FIXTURES, name), join(folder, name))
  return folder
}

const expected: unknown = JSON.parse(readFileSync(join(FIXTURES, 'expected-state.json'), 'utf8'))

describe('a folder that the Rust crates wrote', () => {
  it('opens with the state and the number that they left, from their snapshot at 21', async () => {
    const manager = await StateManager.open(copyOfFixture(), registry, { journal: JOURNAL })
    expect(manager.sequence()).toBe(23)
    expect(manager.recovery).toMatchObject({ snapshot: { seq: 21 }, replayedRecords: 2 })
    expect(manager.state).toEqual(expected)
    await manager.close()
  })

  it('gives the same from the log alone', async () => {
    const folder = temporaryFolder()
    copyFileSync(join(FIXTURES, JOURNAL), join(folder, JOURNAL))
    const manager = await StateManager.open(folder, registry, { journal: JOURNAL })
    expect(manager.sequence()).toBe(23)
    expect(manager.recovery).toMatchObject({ snapshot: undefined, replayedRecords: 23 })
    expect(manager.state).toEqual(expected)
    await manager.close()
  })

  it.each([true, false])(
    'takes new mutations, and its old lines stay untouched (seal: %s)',
    async (seal) => {
      const folder = copyOfFixture()
      const before = readFileSync(join(folder, JOURNAL))
      const options = { journal: JOURNAL, seal, segmentDigits: 3 }
      const manager = await StateManager.open(folder, registry, options)
      expect(await manager.apply({ Enable: { name: 'component-00', enabled: false } })).toBe(24)
      expect(await manager.do.Remove({ name: 'component-01' })).toMatchObject({ seq: 25 })
      await manager.createSnapshot()
      const { state } = manager
      await manager.close()
      const after = readFileSync(join(folder, JOURNAL))
      expect(after.subarray(0, before.length)).toEqual(before)
      // What is new is what serde writes for such enums; a seal is white space behind it.
      const lines = after.subarray(before.length).toString().trimEnd().split('\n')
      expect(lines.map((line) => line.trimEnd())).toEqual([
        '{"Enable":{"name":"component-00","enabled":false}}',
        '{"Remove":{"name":"component-01"}}',
      ])
      if (!seal) expect(lines.every((line) => line === line.trimEnd())).toBe(true)
      const again = await StateManager.open(folder, registry, options)
      expect(again.recovery).toMatchObject({ snapshot: { seq: 25 }, replayedRecords: 0 })
      expect(again.state).toEqual(state)
      await again.close()
    },
  )
})
