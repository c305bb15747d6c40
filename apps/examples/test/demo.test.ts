import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { overlayOf, prove } from '../src/demo/proof.js'
import {
  type Component,
  type RegistryEvent,
  applyEvent,
  eventsBetween,
  registryOf,
} from '../src/demo/registry.js'
import { scan } from '../src/demo/scan.js'
import { type Finished, runProgram } from './run.js'

let folder: string
let tree: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ministore-demo-'))
  tree = join(folder, 'tree')
  await mkdir(tree)
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function addManifest(path: string, manifest: unknown): Promise<void> {
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest)
  await mkdir(join(tree, path), { recursive: true })
  await writeFile(join(tree, path, 'package.json'), text)
}

async function addPackages(count: number): Promise<void> {
  for (let n = 1; n <= count; n++) {
    const name = `package-${String(n).padStart(3, '0')}`
    const license = n % 3 === 0 ? 'ISC' : 'MIT'
    await addManifest(`node_modules/${name}`, { name, version: `${n}.0.0`, license })
  }
}

function runDemo(): Promise<Finished> {
  return runProgram('demo/main.ts', [tree], { DEMO_FOLDER: folder })
}

describe('scan', () => {
  test('finds packages once, names what is broken, and leaves markers out', async () => {
    await addPackages(2)
    await addManifest('node_modules/package-001/node_modules/inner', { name: 'i', version: '1' })
    await addManifest('node_modules/package-001/dist', { type: 'commonjs' })
    await addManifest('node_modules/torn', '{"name":"torn","vers')
    await addManifest('node_modules/list', '[]')
    await addManifest('node_modules/.cache/hidden', { name: 'hidden', version: '1.0.0' })
    await symlink(join(tree, 'node_modules'), join(tree, 'again'), 'junction')

    const { components, broken, markerCount } = await scan(tree)

    expect(components.map(({ path }) => path)).toEqual([
      'node_modules/package-001',
      'node_modules/package-001/node_modules/inner',
      'node_modules/package-002',
    ])
    expect(broken.map(({ path }) => path)).toEqual([
      'node_modules/list/package.json',
      'node_modules/torn/package.json',
    ])
    expect(markerCount).toBe(1)
  })

  test('reads all three ways to state a licence, and sorts dependencies', async () => {
    const version = '1.0.0'
    await addManifest('a', { name: 'a', version, license: { type: 'MIT' } })
    await addManifest('b', { name: 'b', version, licenses: [{ type: 'ISC' }] })
    await addManifest('c', { name: 'c', version, dependencies: { z: '^2.0.0', y: '*' } })

    const { components } = await scan(tree)

    expect(components.map(({ license }) => license)).toEqual(['MIT', 'ISC', 'not stated'])
    expect(components[2]?.dependencies).toEqual(['y@*', 'z@^2.0.0'])
  })
})

function component(path: string, version = '1.0.0'): Component {
  return { name: path, version, license: 'MIT', sizeBytes: 1, path, dependencies: [] }
}

describe('registry', () => {
  test('says only what changed', () => {
    const registry = registryOf([component('a'), component('b'), component('c')])
    const found = [component('a'), component('b', '2.0.0'), component('d')]

    expect(eventsBetween(registry, found)).toEqual([
      { Updated: component('b', '2.0.0') },
      { Registered: component('d') },
      { Removed: { path: 'c' } },
    ])
  })

  test('refuses events that a correct writer never logs', () => {
    const registry = registryOf([component('a')])
    expect(() => applyEvent(registry, { Registered: component('a') }, 7)).toThrow(/event 7.*second/)
    expect(() => applyEvent(registry, { Removed: { path: 'b' } }, 8)).toThrow(/event 8.*not there/)
  })

  test('makes an overlay of one bump and one removal', () => {
    const later = overlayOf([component('a'), component('b'), component('c')])
    expect(later.components.map(({ version }) => version)).toEqual(['1.0.0-next', '1.0.0'])
    expect(later.removed?.path).toBe('c')
  })

  test('does not call a journal proven that misses an event', async () => {
    const journal = join(folder, 'journal.jsonl')
    const store = await MiniStore.open<RegistryEvent>(journal)
    await store.append({ Registered: component('a') })
    await store.close()

    expect((await prove(journal, [component('a')])).holds).toBe(true)
    expect((await prove(journal, [component('a'), component('b')])).holds).toBe(false)
    expect((await prove(journal, [component('a', '2.0.0')])).holds).toBe(false)
  })
})

describe('demo', () => {
  test('survives the kill, and proves it', async () => {
    await addPackages(60)
    await addManifest('node_modules/torn', '{"name":"torn","vers')

    const { exitCode, output } = await runDemo()

    expect({ exitCode, output }).toMatchObject({ exitCode: 0 })
    expect(output).toContain('60 packages')
    expect(output).toContain('node_modules/torn/package.json')
    expect(output).toContain('SIGKILL when 30 of 60 events')
    expect(output).toContain('all 30 acknowledged events are there')
    expect(output).toMatch(/it took \d+ snapshots; compaction dropped \d+ events/)
    const restored = /restored the snapshot of event (\d+), and replayed (\d+): \1 events/.exec(
      output,
    )
    expect(Number(restored?.[1])).toBeGreaterThan(45)
    expect(Number(restored?.[2])).toBeLessThan(15)
    expect(output.match(/✔ equal/g)).toHaveLength(2)
    expect(output).toMatch(/Updated +package-001 1\.0\.0 → 1\.0\.0-next/)
    expect(output).toMatch(/Removed +package-060 60\.0\.0/)
    const path = output
      .split('\n')
      .find((one) => one.trim().endsWith('journal.jsonl') && !one.includes('$'))
    const lines = (await readFile(path?.trim() ?? '', 'utf8')).trimEnd().split('\n')
    // Only the tail: what is before it is in the snapshots.
    expect(lines.length).toBeLessThan(1 + 60 + 2)
    const snapshots = await readdir(join(dirname(path?.trim() ?? ''), 'snapshots'))
    expect(snapshots.length).toBe(2)
    expect(lines.slice(1).every((one) => typeof JSON.parse(one) === 'object')).toBe(true)
  })

  test.each([1, 2, 3])('works with as few packages as %i', async (count) => {
    await addPackages(count)
    const { exitCode, output } = await runDemo()
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 })
    expect(output).toContain('killed with SIGKILL')
  })

  test('fails where there is nothing to show, and where there is no folder', async () => {
    const empty = await runDemo()
    expect(empty.exitCode).toBe(1)
    expect(empty.output).toContain('There is no package here')
    await rm(tree, { recursive: true })
    const missing = await runDemo()
    expect(missing.exitCode).toBe(1)
    expect(missing.output).toContain('ENOENT')
  })
})
