import { createHash } from 'node:crypto'
import { type Immutable, type MutationInput, defineState } from '@mini-rs/ministate'

/** An installed package, as its manifest tells it. */
export interface Component {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly sizeBytes: number
  /** Its folder, from the scanned one: what tells two copies of a package apart. */
  readonly path: string
  /** `name@range`, sorted. */
  readonly dependencies: readonly string[]
}

/** As the registry keeps it. */
export interface Registered extends Component {
  /** Decided by people: no scan changes it. */
  readonly enabled: boolean
}

/** The state: what is installed where. */
export interface Registry {
  readonly components: Record<string, Registered>
}

const initial: Registry = { components: {} }

/**
 * The registry and its mutations; a line of the log is `{"Register":{…}}`, as the Rust crate writes it.
 * It rejects what a correct writer never asks for, so that nothing that is logged twice goes unnoticed.
 */
export const registry = defineState({
  initial,
  mutations: (m) => ({
    Register: m(({ components }, component: Registered, context) => {
      const { path } = component
      if (Object.hasOwn(components, path)) context.reject('REGISTERED_ALREADY', path)
      components[path] = component
    }),
    Update: m(({ components }, component: Component, context) => {
      const known = components[component.path]
      if (known === undefined) return context.reject('NOT_REGISTERED', component.path)
      components[component.path] = { ...component, enabled: known.enabled }
    }),
    Remove: m(({ components }, { path }: { readonly path: string }, context) => {
      if (!Object.hasOwn(components, path)) context.reject('NOT_REGISTERED', path)
      delete components[path]
    }),
    Enable: m(({ components }, { path, enabled }: Enabling, context) => {
      const known = components[path]
      if (known === undefined) return context.reject('NOT_REGISTERED', path)
      components[path] = { ...known, enabled }
    }),
  }),
})

export interface Enabling {
  readonly path: string
  readonly enabled: boolean
}

/** A line of the journal. */
export type RegistryMutation = MutationInput<typeof registry.mutations>

/** The mutations that lead from a registry to what a scan found. */
export function mutationsBetween(
  { components: known }: Immutable<Registry>,
  components: readonly Component[],
): RegistryMutation[] {
  const found = new Set(components.map(({ path }) => path))
  const removed = Object.keys(known).filter((path) => !found.has(path))
  const seen = components.flatMap((component): RegistryMutation[] => {
    const before = known[component.path]
    if (before === undefined) return [{ Register: { ...component, enabled: true } }]
    return canonical(before) === canonical(component) ? [] : [{ Update: component }]
  })
  return [...seen, ...removed.map((path) => ({ Remove: { path } }))]
}

/** What the registry must be after a scan, without any journal. */
export function registryOf(
  components: readonly Component[],
  disabled: readonly string[] = [],
): Registry {
  const entries = components.map((component) => {
    return [component.path, { ...component, enabled: !disabled.includes(component.path) }] as const
  })
  return { components: Object.fromEntries(entries) }
}

/** SHA-256 over the components in the order of their paths: equal for equal registries. */
export function digestOf({ components }: Immutable<Registry>): string {
  const hash = createHash('sha256')
  for (const path of Object.keys(components).toSorted()) {
    const component = components[path]
    if (component !== undefined) hash.update(`${canonical(component)} ${component.enabled}\n`)
  }
  return hash.digest('hex')
}

function canonical({ path, name, version, license, sizeBytes, dependencies }: Component): string {
  return JSON.stringify([path, name, version, license, sizeBytes, dependencies])
}
