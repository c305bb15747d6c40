import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { StateManager } from '@mini-rs/ministate'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { overlayOf, prove } from '../src/demo/proof.js'
import { disabledOnes, inSeveralVersions, mostWanted } from '../src/demo/queries.js'
import { type Component, mutationsBetween, registry, registryOf } from '../src/demo/registry.js'
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
    const known = registryOf([component('a'), component('b'), component('c')], ['a'])
    const found = [component('a'), component('b', '2.0.0'), component('d')]

    expect(mutationsBetween(known, found)).toEqual([
      { Update: component('b', '2.0.0') },
      { Register: { ...component('d'), enabled: true } },
      { Remove: { path: 'c' } },
    ])
  })

  test('rejects what a correct writer never asks for, and logs nothing', async () => {
    const manager = await StateManager.open(folder, registry)
    await manager.do.Register({ ...component('a'), enabled: true })

    const twice = manager.do.Register({ ...component('a'), enabled: true })
    await expect(twice).rejects.toMatchObject({ rejection: { code: 'REGISTERED_ALREADY' } })
    for (const call of [
      manager.do.Update(component('b')),
      manager.do.Remove({ path: 'b' }),
      manager.do.Enable({ path: 'b', enabled: true }),
    ]) {
      await expect(call).rejects.toMatchObject({ rejection: { code: 'NOT_REGISTERED' } })
    }
    expect(manager.sequence()).toBe(1)
    await manager.close()
  })

  test('keeps what people decided when a scan finds another version', async () => {
    const manager = await StateManager.open(folder, registry)
    await manager.do.Register({ ...component('a'), enabled: true })
    await manager.do.Enable({ path: 'a', enabled: false })
    await manager.do.Update(component('a', '2.0.0'))

    expect(disabledOnes(manager.state)).toEqual([{ ...component('a', '2.0.0'), enabled: false }])
    await manager.close()
  })

  test('logs mutations as the Rust crate does', async () => {
    const manager = await StateManager.open(folder, registry)
    await manager.do.Register({ ...component('a'), enabled: true })
    await manager.do.Remove({ path: 'a' })
    await manager.close()

    const lines = (await readFile(join(folder, 'journal.jsonl'), 'utf8')).split('\n')
    expect(JSON.parse(lines[1] ?? '')).toEqual({ Register: { ...component('a'), enabled: true } })
    expect(JSON.parse(lines[2] ?? '')).toEqual({ Remove: { path: 'a' } })
  })

  test('answers queries', () => {
    const state = registryOf([
      { ...component('x', '1.0.0'), dependencies: ['@y/z@^1.0.0', 'w@*'] },
      { ...component('v/x', '2.0.0'), name: 'x', dependencies: ['@y/z@^2.0.0'] },
    ])
    expect(mostWanted(state, 1)).toEqual([{ name: '@y/z', count: 2 }])
    expect(inSeveralVersions(state)).toEqual([{ name: 'x', versions: ['1.0.0', '2.0.0'] }])
    expect(disabledOnes(state)).toEqual([])
  })

  test('makes an overlay of one bump and one removal', () => {
    const later = overlayOf([component('a'), component('b'), component('c')])
    expect(later.components.map(({ version }) => version)).toEqual(['1.0.0-next', '1.0.0'])
    expect(later.removed?.path).toBe('c')
  })

  test('does not call a state proven that misses a mutation', async () => {
    const manager = await StateManager.open(folder, registry)
    await manager.do.Register({ ...component('a'), enabled: true })
    await manager.close()

    expect((await prove(folder, [component('a')])).holds).toBe(true)
    expect((await prove(folder, [component('a'), component('b')])).holds).toBe(false)
    expect((await prove(folder, [component('a', '2.0.0')])).holds).toBe(false)
    expect((await prove(folder, [component('a')], ['a'])).holds).toBe(false)
  })
})

/** What the watcher saw stands between what the writers did: it was written as it was seen. */
function expectWatched(output: string): void {
  const lines = output.split('\n')
  const at = (pattern: RegExp): number => lines.findIndex((one) => pattern.test(one))
  const first = at(/watcher \d+ │ +1 +Register +package-001 1\.0\.0 +1 package$/)
  expect(first).toBeGreaterThan(at(/ 2 +Log one mutation each/))
  expect(first).toBeLessThan(at(/ 5 +Prove it/))
  expect(output).toMatch(/watcher \d+ │ +61 +Update +package-001 1\.0\.0-next +60 packages/)
  expect(output).toMatch(/watcher \d+ │ +62 +Remove +package-060 60\.0\.0 +59 packages/)
  expect(output).toMatch(/watcher \d+ │ +63 +Enable +package-059 59\.0\.0 +59 packages/)
  expect(output).toMatch(/process \d+ was there all the time: \d+ mutations by four writers/)
  expect(output).toContain('✔ equal: it saw what is there, and wrote nothing')
}

/** Every package has one ack in the queue's journal, though the process of the workers was killed between. */
async function expectChecked(output: string): Promise<void> {
  expect(output).toMatch(/process \d+ enqueued 60 jobs/)
  expect(output).toContain('SIGKILL when 29 of 59 packages had been checked')
  const found = /found (\d+) checks done; (\d+) had been running/.exec(output)
  // What was acknowledged behind the kill's back is done too.
  expect(Number(found?.[1])).toBeGreaterThanOrEqual(29)
  expect(Number(found?.[2])).toBeGreaterThan(0)
  expect(output).toMatch(/once more: \d+ duplicates, 0 new jobs/)
  expect(output).toMatch(/checker \d+ │ retry {2}package-001 1\.0\.0/)
  expect(output).toMatch(/dead letter {2}poison, after 3 attempts: /)
  expect(output).toMatch(
    /acknowledged once +59\n +acknowledged twice +0\n +never acknowledged +0\n/,
  )
  expect(output).toContain('59 of 59 digests are equal')
  expect(output).toContain('✔ exactly once')

  const path = output.split('\n').find((one) => /^ *\S*journal\.jsonl$/.test(one))
  const queue = join(dirname(path?.trim() ?? ''), 'queues', 'journal.jsonl')
  const acked = (await readFile(queue, 'utf8'))
    .split('\n')
    .flatMap((one) => /^{"ack":{"of":(\d+),/.exec(one)?.[1] ?? [])
  expect(acked).toHaveLength(59)
  expect(new Set(acked).size).toBe(59)
}

describe('demo', () => {
  test('survives the kills, under the eyes of a watcher, and proves it', async () => {
    await addPackages(60)
    await addManifest('node_modules/torn', '{"name":"torn","vers')

    const { exitCode, output } = await runDemo()

    expect(exitCode, output).toBe(0)
    expect(output).toContain('60 packages')
    expect(output).toContain('node_modules/torn/package.json')
    expect(output).toContain('SIGKILL when 30 of 60 mutations')
    expect(output).toContain('all 30 acknowledged mutations are there')
    expect(output).toMatch(/it took [1-9]\d* snapshots; (compaction dropped \d+|no whole file)/)
    const restored = /restored the snapshot of mutation (\d+), and replayed (\d+): \1 mut/.exec(
      output,
    )
    // Another snapshot is due every fifth; while it is written, at most so many more are taken.
    expect(Number(restored?.[1])).toBeGreaterThan(40)
    expect(Number(restored?.[2])).toBeLessThan(20)
    expect(output.match(/✔ equal/g)).toHaveLength(3)
    expect(output).toMatch(/Update +package-001 1\.0\.0 → 1\.0\.0-next/)
    expect(output).toMatch(/Remove +package-060 60\.0\.0/)
    expect(output).toMatch(/Enable +package-059 59\.0\.0: false/)
    expect(output).toContain('disabled: package-059 59.0.0')
    expect(output).toMatch(/✔ sound: \d+ mutations replayed twice, the newest snapshot is equal/)
    expectWatched(output)
    await expectChecked(output)
    const path = output
      .split('\n')
      .find((one) => one.trim().endsWith('journal.jsonl') && !one.includes('$'))
    const lines = (await readFile(path?.trim() ?? '', 'utf8')).trimEnd().split('\n')
    // Only the tail: what is before it is in the snapshots.
    expect(lines.length).toBeLessThan(1 + 60)
    expect(Number(/the last (\d+) mutations in/.exec(output)?.[1])).toBeLessThan(60)
    const files = await readdir(dirname(path?.trim() ?? ''))
    // Two are kept; a third is there when the kill came before it was pruned, and no snapshot since.
    expect(files.filter((name) => name.startsWith('snapshot_')).length).toBeOneOf([2, 3])
    expect(lines.slice(1).every((one) => typeof JSON.parse(one) === 'object')).toBe(true)
  })

  test.each([1, 2])('works with as few packages as %i', async (count) => {
    await addPackages(count)
    const { exitCode, output } = await runDemo()
    expect(exitCode, output).toBe(0)
    expect(output).toContain('killed with SIGKILL')
    expect(output).toContain('✔ exactly once')
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
