// @vitest-environment happy-dom
import { StateManager, defineState } from '@mini-rs/ministate'
import { CrashFileSystem } from '@mini-rs/testkit'
import type { Document } from 'happy-dom'
import {
  type ReactNode,
  StrictMode,
  startTransition,
  useLayoutEffect,
  useState,
  useSyncExternalStore,
} from 'react'
import { createRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FOLDER } from './support/states.js'

const counter = defineState({
  initial: { value: 0, others: { unread: 0 } },
  mutations: (m) => ({
    inc: m((state, by: number) => {
      state.value += by
    }),
    read: m((state) => {
      state.others.unread++
    }),
  }),
})
type Counter = StateManager<typeof counter.initial, typeof counter.mutations>

const { document } = globalThis as unknown as { readonly document: Document }

/** What React has said: of a getSnapshot that is not stable, of loops, of updates behind an unmount. */
const complaints: string[] = []

/** A tree of React's, in a page. */
class Page {
  readonly #container = document.createElement('div')
  readonly #root = createRoot(this.#container as unknown as Element, {
    onUncaughtError: (error) => complaints.push(String(error)),
  })

  get text(): string {
    return this.#container.textContent
  }

  async render(node: ReactNode): Promise<void> {
    this.#root.render(node)
    await settled()
  }

  async close(): Promise<void> {
    this.#root.unmount()
    await settled()
  }
}

/** Waits until React has done what it has to: it works in turns of the event loop, as `setImmediate` does. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function open(): Promise<Counter> {
  return StateManager.open(FOLDER, counter, { fileSystem: new CrashFileSystem() })
}

let page: Page
let manager: Counter
let renders: number[]

function Value(): ReactNode {
  const { value } = useSyncExternalStore(manager.subscribe, manager.getSnapshot)
  renders.push(value)
  return <b>{value}</b>
}

beforeEach(async () => {
  complaints.length = 0
  vi.spyOn(console, 'error').mockImplementation((...what) => void complaints.push(what.join(' ')))
  page = new Page()
  manager = await open()
  renders = []
})

afterEach(async () => {
  await page.close()
  await manager.close()
  vi.restoreAllMocks()
  if (complaints.length > 0) throw new Error(complaints.join('\n'))
})

describe('a component of React', () => {
  it('shows the state, and each commit', async () => {
    await page.render(<Value />)
    expect(page.text).toBe('0')
    for (const value of [1, 2, 3]) {
      await manager.apply({ inc: 1 })
      await settled()
      expect(page.text).toBe(String(value))
    }
    expect(renders).toEqual([0, 1, 2, 3])
  })

  it('renders once where many mutations are one commit', async () => {
    await page.render(<Value />)
    let commits = 0
    manager.subscribe(() => commits++)
    await Promise.all(Array.from({ length: 100 }, () => manager.apply({ inc: 1 })))
    await settled()
    expect([commits, page.text]).toEqual([1, '100'])
    await manager.applyAll(Array.from({ length: 100 }, () => ({ inc: 1 })))
    await settled()
    expect([commits, page.text]).toEqual([2, '200'])
    expect(renders).toEqual([0, 100, 200])
  })

  it('renders nothing where a mutation was refused, or only tried', async () => {
    await page.render(<Value />)
    await expect(manager.apply({ inc: Number.NaN })).rejects.toThrow('NaN')
    await manager.dryRun({ inc: 7 })
    await settled()
    expect(renders).toEqual([0])
  })

  it('renders only where the part that it looks at is another', async () => {
    const shown: number[] = []
    function Unread(): ReactNode {
      const others = useSyncExternalStore(manager.subscribe, () => manager.state.others)
      shown.push(others.unread)
      return others.unread
    }
    await page.render(<Unread />)
    await manager.do.inc(1)
    await settled()
    await manager.do.read()
    await settled()
    expect(shown).toEqual([0, 1])
  })

  it('is told nothing any more when it is gone', async () => {
    let listeners = 0
    const subscribe = (listener: () => void): (() => void) => {
      const end = manager.subscribe(listener)
      listeners++
      return () => {
        listeners--
        end()
      }
    }
    function Watched(): ReactNode {
      return useSyncExternalStore(subscribe, manager.getSnapshot).value
    }
    await page.render([<Value key="a" />, <Watched key="b" />])
    expect(listeners).toBe(1)
    await page.render(<Value key="a" />)
    expect(listeners).toBe(0)
    await page.close()
    await manager.apply({ inc: 1 })
    await settled()
    expect(renders.at(-1)).toBe(0)
  })

  it('works in StrictMode, which renders and subscribes twice', async () => {
    await page.render(
      <StrictMode>
        <Value />
      </StrictMode>,
    )
    expect(renders).toEqual([0, 0])
    await manager.apply({ inc: 1 })
    await settled()
    expect([page.text, renders]).toEqual(['1', [0, 0, 1, 1]])
    await page.close()
    await manager.apply({ inc: 1 })
    await settled()
    expect(renders).toHaveLength(4)
  })

  it('loops where a snapshot is another object each time, which the test would see', async () => {
    function Loop(): ReactNode {
      return useSyncExternalStore(manager.subscribe, () => ({ ...manager.state })).value
    }
    expect(manager.getSnapshot()).toBe(manager.getSnapshot())
    await page.render(<Loop />)
    expect(complaints.splice(0).join('\n')).toContain('Maximum update depth exceeded')
  })

  it('is rendered on a server', () => {
    function OnServer(): ReactNode {
      return useSyncExternalStore(manager.subscribe, manager.getSnapshot, manager.getSnapshot).value
    }
    expect(renderToString(<OnServer />)).toBe('0')
  })
})

describe('components in a transition', () => {
  const COUNT = 12

  /** Mounts components one by one, and commits a mutation when half of them are rendered; answers what was on the page. */
  async function transition(read: () => number): Promise<readonly string[]> {
    const pages: string[] = []
    let rendered = 0
    let show = (): void => {}
    function Slow(): ReactNode {
      const value = read()
      renders.push(value)
      // Longer than React works before it lets others have their turn.
      for (const end = performance.now() + 8; performance.now() < end;);
      // When it does: React is not to be called while it renders.
      if (++rendered === COUNT / 2) queueMicrotask(() => void manager.apply({ inc: 1 }))
      return <i>{value}</i>
    }
    function App(): ReactNode {
      const [isShown, setIsShown] = useState(false)
      show = () => setIsShown(true)
      useLayoutEffect(() => void pages.push(page.text))
      return isShown && Array.from({ length: COUNT }, (_, key) => <Slow key={key} />)
    }
    await page.render(<App />)
    startTransition(show)
    while (pages.length < 2) await settled()
    await settled()
    return [...pages.slice(1), page.text]
  }

  it('all show the same state, though it changes between them', async () => {
    const pages = await transition(
      () => useSyncExternalStore(manager.subscribe, manager.getSnapshot).value,
    )
    // The first half was rendered with the state before; then React noticed, and began again.
    expect(renders.slice(0, COUNT / 2)).toEqual(Array(COUNT / 2).fill(0))
    expect(renders.slice(COUNT / 2, COUNT)).toContain(1)
    expect(new Set(pages)).toEqual(new Set(['1'.repeat(COUNT)]))
  })

  it('tear where they read the state past the hook, which the test would see', async () => {
    const pages = await transition(() => manager.state.value)
    expect(pages[0]).toMatch(/^0+1+$/)
  })
})
