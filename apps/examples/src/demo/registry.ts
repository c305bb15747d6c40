import { createHash } from 'node:crypto'

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

/** A line of the journal. */
export type RegistryEvent =
  | { readonly Registered: Component }
  | { readonly Updated: Component }
  | { readonly Removed: { readonly path: string } }

/** The state: what is installed where. */
export type Registry = Map<string, Component>

/**
 * The fold. It changes the map in place, which `MiniStore.reduce` allows: nobody else holds it.
 * It refuses what a correct writer never logs, so an event written twice cannot go unnoticed.
 */
export function applyEvent(registry: Registry, event: RegistryEvent, seq: number): Registry {
  if ('Registered' in event) {
    const { path } = event.Registered
    if (registry.has(path)) throw new Error(`event ${seq} registers ${path} a second time`)
    return registry.set(path, event.Registered)
  }
  const { path } = 'Updated' in event ? event.Updated : event.Removed
  if (!registry.has(path)) throw new Error(`event ${seq} is about ${path}, which is not there`)
  if ('Updated' in event) return registry.set(path, event.Updated)
  registry.delete(path)
  return registry
}

/** The events that lead from a registry to what a scan found. */
export function eventsBetween(
  registry: Registry,
  components: readonly Component[],
): RegistryEvent[] {
  const found = registryOf(components)
  const removed = [...registry.keys()].filter((path) => !found.has(path))
  const seen = components.flatMap((component): RegistryEvent[] => {
    const known = registry.get(component.path)
    if (known === undefined) return [{ Registered: component }]
    return canonical(known) === canonical(component) ? [] : [{ Updated: component }]
  })
  return [...seen, ...removed.map((path) => ({ Removed: { path } }))]
}

/** What the registry must be after a scan, without any journal. */
export function registryOf(components: readonly Component[]): Registry {
  return new Map(components.map((component) => [component.path, component]))
}

/** SHA-256 over the components in the order of their paths: equal for equal registries. */
export function digestOf(registry: Registry): string {
  const hash = createHash('sha256')
  for (const path of [...registry.keys()].toSorted()) {
    const component = registry.get(path)
    if (component !== undefined) hash.update(`${canonical(component)}\n`)
  }
  return hash.digest('hex')
}

function canonical({ path, name, version, license, sizeBytes, dependencies }: Component): string {
  return JSON.stringify([path, name, version, license, sizeBytes, dependencies])
}
