// @vitest-environment happy-dom
/// <reference lib="dom" />
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StateManager } from '@mini-rs/ministate'
import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Counter, counter } from '../src/state-react.js'

test('the component shows what is durable, and counts clicks', async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  const folder = await mkdtemp(join(tmpdir(), 'ministate-react-'))
  const manager = await StateManager.open(folder, counter)
  const container = document.createElement('div')
  const root = createRoot(container)
  onTestFinished(async () => {
    await act(async () => root.unmount())
    await manager.close()
    await rm(folder, { recursive: true, force: true })
  })

  await act(async () => root.render(<Counter manager={manager} />))
  expect(container.textContent).toBe('0 clicks, all of them durable')

  await act(async () => manager.do.inc(41))
  expect(container.textContent).toBe('41 clicks, all of them durable')

  await act(async () => {
    const isCommitted = new Promise<void>((resolve) => manager.subscribe(resolve))
    container.querySelector('button')?.click()
    await isCommitted
  })
  expect(container.textContent).toBe('42 clicks, all of them durable')
})
