// The process that only looks: it follows the state beside its writers, takes no lock, and writes nothing.
import { type Change, StateManager } from '@mini-rs/ministate'
import type { FromWatcher, Sighting, ToWatcher } from './messages.js'
import { type Component, type Registry, digestOf, registry } from './registry.js'

type Watcher = StateManager<Registry, typeof registry.mutations>

let watching: Promise<Watcher> | undefined
let sightingCount = 0

process.on('message', (message: ToWatcher) => {
  if (message.kind === 'watch') watching = watch(message.folder)
  else void watching?.then(finish)
})
process.on('disconnect', () => process.exit())

async function watch(folder: string): Promise<Watcher> {
  const watcher = await StateManager.open(folder, registry, { readOnly: { follow: true } })
  report({ kind: 'watching' })
  void tell(watcher)
  return watcher
}

async function tell(watcher: Watcher): Promise<void> {
  // The state may be further than the change that is told: what was removed is not in there any more.
  let labels = new Map<string, string>()
  for await (const change of watcher.changes({ from: 1 })) {
    sightingCount++
    if (change.kind === 'reset') labels = labelsOf(watcher.state)
    report({ kind: 'saw', sighting: sightingOf(change, labels) })
  }
}

function labelsOf({ components }: Watcher['state']): Map<string, string> {
  return new Map(Object.values(components).map((one) => [one.path, labelOf(one)]))
}

function labelOf({ name, version }: Pick<Component, 'name' | 'version'>): string {
  return `${name} ${version}`
}

function sightingOf(
  change: Change<typeof registry.mutations>,
  labels: Map<string, string>,
): Sighting {
  const { seq } = change
  if (change.kind === 'reset') return { seq, what: 'reset', label: '', packageCount: labels.size }
  const { mutation } = change
  const component = mutation.Register ?? mutation.Update
  if (component !== undefined) labels.set(component.path, labelOf(component))
  const path = component?.path ?? mutation.Remove?.path ?? mutation.Enable?.path ?? ''
  const label = labels.get(path) ?? path
  if (mutation.Remove !== undefined) labels.delete(path)
  const [what = ''] = Object.keys(mutation)
  return { seq, what, label, packageCount: labels.size }
}

/** All that is in the log by now has been seen. */
async function finish(watcher: Watcher): Promise<void> {
  await watcher.refresh()
  const { components } = watcher.state
  const packageCount = Object.keys(components).length
  const seq = watcher.sequence()
  report({ kind: 'finished', seq, sightingCount, packageCount, digest: digestOf(watcher.state) })
  await watcher.close()
  process.disconnect()
}

function report(message: FromWatcher): void {
  process.send?.(message)
}
