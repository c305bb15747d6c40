// Queries are functions of the state: it is there, in memory, and nothing can change it under their hands.
import type { Immutable } from '@mini-rs/ministate'
import type { Registered, Registry } from './registry.js'

type State = Immutable<Registry>
type Found = Immutable<Registered>

export interface Dependents {
  readonly name: string
  readonly count: number
}

/** The names that most components ask for, the most wanted first. */
export function mostWanted({ components }: State, limit: number): Dependents[] {
  const counts = new Map<string, number>()
  for (const { dependencies } of Object.values(components)) {
    for (const dependency of dependencies) {
      const name = dependency.slice(0, dependency.lastIndexOf('@'))
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  return Array.from(counts, ([name, count]) => ({ name, count }))
    .toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, limit)
}

export interface Copies {
  readonly name: string
  /** Different ones, sorted. */
  readonly versions: readonly string[]
}

/** Packages that are there in more than one version, those with the most first. */
export function inSeveralVersions({ components }: State): Copies[] {
  const versionsOf = new Map<string, Set<string>>()
  for (const { name, version } of Object.values(components)) {
    const versions = versionsOf.get(name)
    if (versions === undefined) versionsOf.set(name, new Set([version]))
    else versions.add(version)
  }
  return Array.from(versionsOf, ([name, versions]) => ({
    name,
    versions: [...versions].toSorted(),
  }))
    .filter(({ versions }) => versions.length > 1)
    .toSorted((a, b) => b.versions.length - a.versions.length || (a.name < b.name ? -1 : 1))
}

export function disabledOnes({ components }: State): Found[] {
  return Object.values(components).filter(({ enabled }) => !enabled)
}
