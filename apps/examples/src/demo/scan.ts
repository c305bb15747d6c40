import type { Dirent } from 'node:fs'
import { lstat, readFile, readdir, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Component } from './registry.js'

/** A manifest, file or folder that could not be read. */
export interface BrokenManifest {
  readonly path: string
  readonly reason: string
}

export interface ScanResult {
  /** Sorted by path. */
  readonly components: readonly Component[]
  readonly broken: readonly BrokenManifest[]
  /** Manifests without a name and a version: they only mark a folder as ESM or CommonJS. */
  readonly markerCount: number
  readonly fileCount: number
  readonly elapsedMs: number
}

interface Walk {
  readonly root: string
  readonly components: Component[]
  readonly broken: BrokenManifest[]
  markerCount: number
  fileCount: number
  readonly onManifest: () => void
}

/**
 * Reads every package.json below a folder. Links are not followed: what they point to inside the
 * folder is found at its own place, and so exactly once. Folders that begin with a dot hold caches and
 * the like, and are left out; `.pnpm` is where pnpm keeps the packages.
 */
export async function scan(folder: string, onManifest: () => void = () => {}): Promise<ScanResult> {
  const startMs = performance.now()
  const root = await realpath(folder)
  const walk: Walk = {
    root,
    components: [],
    broken: [],
    markerCount: 0,
    fileCount: 0,
    onManifest,
  }
  await walkFolder(walk, root)
  return {
    components: walk.components.toSorted(byPath),
    broken: walk.broken.toSorted(byPath),
    markerCount: walk.markerCount,
    fileCount: walk.fileCount,
    elapsedMs: performance.now() - startMs,
  }
}

/** Resolves to the bytes of all files below, packages of its own `node_modules` excepted. */
async function walkFolder(walk: Walk, folder: string): Promise<number> {
  const children = await childrenOf(walk, folder)
  const sizes = await Promise.all(
    children.map(async (child) => {
      const path = join(folder, child.name)
      if (child.isFile()) {
        walk.fileCount++
        return sizeOf(walk, path)
      }
      if (!child.isDirectory()) return 0
      if (child.name.startsWith('.') && child.name !== '.pnpm') return 0
      const sizeBytes = await walkFolder(walk, path)
      return child.name === 'node_modules' ? 0 : sizeBytes
    }),
  )
  const sizeBytes = sizes.reduce((sum, size) => sum + size, 0)
  const hasManifest = children.some((child) => child.name === 'package.json' && child.isFile())
  if (hasManifest) await readManifest(walk, folder, sizeBytes)
  return sizeBytes
}

async function childrenOf(walk: Walk, folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    noteBroken(walk, folder, error)
    return []
  }
}

async function sizeOf(walk: Walk, path: string): Promise<number> {
  try {
    return (await lstat(path)).size
  } catch (error) {
    noteBroken(walk, path, error)
    return 0
  }
}

async function readManifest(walk: Walk, folder: string, sizeBytes: number): Promise<void> {
  const path = pathIn(walk, folder)
  walk.onManifest()
  try {
    const text = await readFile(join(folder, 'package.json'), 'utf8')
    const manifest: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (!isObject(manifest)) throw new Error('not a JSON object')
    const { name, version } = manifest
    if (typeof name !== 'string' || typeof version !== 'string') {
      walk.markerCount++
      return
    }
    walk.components.push({
      name: name.toWellFormed(),
      version: version.toWellFormed(),
      license: licenseOf(manifest),
      sizeBytes,
      path,
      dependencies: dependenciesOf(manifest),
    })
  } catch (error) {
    noteBroken(walk, join(folder, 'package.json'), error)
  }
}

function noteBroken(walk: Walk, path: string, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  walk.broken.push({ path: pathIn(walk, path), reason })
}

function pathIn(walk: Walk, path: string): string {
  return relative(walk.root, path).split(sep).join('/').toWellFormed() || '.'
}

/** `license` as it is today, and the two older ways to write it. */
function licenseOf(manifest: Record<string, unknown>): string {
  const { license, licenses } = manifest
  const first: unknown = license ?? (Array.isArray(licenses) ? licenses[0] : licenses)
  const named = isObject(first) ? first.type : first
  return typeof named === 'string' && named !== '' ? named.toWellFormed() : 'not stated'
}

function dependenciesOf({ dependencies }: Record<string, unknown>): string[] {
  if (!isObject(dependencies)) return []
  return Object.entries(dependencies)
    .map(([name, range]) => `${name}@${String(range)}`.toWellFormed())
    .toSorted()
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  if (a.path === b.path) return 0
  return a.path < b.path ? -1 : 1
}
