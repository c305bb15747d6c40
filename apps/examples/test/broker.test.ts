import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type InPlaceStateManager, StateManager } from '@mini-rs/ministate'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Metadata, lagOf, metadata } from '../src/broker/metadata.js'

let folder: string
let broker: InPlaceStateManager<Metadata, typeof metadata.mutations>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ministate-broker-'))
  broker = await StateManager.open(folder, metadata, { engine: 'inPlace' })
  await broker.do.createTopic('orders')
  await broker.do.createGroup('billing')
  await broker.do.publish({ topic: 'orders', count: 10 })
})

afterEach(async () => {
  await broker.close()
  await rm(folder, { recursive: true, force: true })
})

const commit = (offset: number, group = 'billing', topic = 'orders'): Promise<unknown> =>
  broker.do.commit({ group, topic, offset })

test('offsets only grow, and end where the topic ends', async () => {
  await commit(4)
  await expect(commit(3)).rejects.toMatchObject({ rejection: { code: 'OFFSET_BEHIND' } })
  await expect(commit(11)).rejects.toMatchObject({ rejection: { code: 'OFFSET_AHEAD' } })
  await commit(4)
  await commit(10)
  expect(await broker.read((state) => lagOf(state, 'billing'))).toEqual({ orders: 0 })
})

test('a deleted topic takes its offsets along, and one of its name begins anew', async () => {
  await commit(4)
  await broker.do.deleteTopic('orders')
  expect(await broker.read(({ groups }) => groups.get('billing')?.size)).toBe(0)
  await expect(commit(5)).rejects.toMatchObject({ rejection: { code: 'NO_SUCH_TOPIC' } })

  await broker.do.createTopic('orders')
  await broker.do.publish({ topic: 'orders', count: 2 })
  expect(await broker.read((state) => lagOf(state, 'billing'))).toEqual({ orders: 2 })
})

test('what is there already, or is not there, is rejected and not logged', async () => {
  const before = broker.sequence()
  const codes = [
    [broker.do.createTopic('orders'), 'TOPIC_EXISTS'],
    [broker.do.createGroup('billing'), 'GROUP_EXISTS'],
    [broker.do.deleteTopic('mails'), 'NO_SUCH_TOPIC'],
    [broker.do.deleteGroup('search'), 'NO_SUCH_GROUP'],
    [broker.do.publish({ topic: 'mails', count: 1 }), 'NO_SUCH_TOPIC'],
    [broker.do.publish({ topic: 'orders', count: 0 }), 'BAD_COUNT'],
    [commit(1, 'search'), 'NO_SUCH_GROUP'],
    [commit(1, 'billing', 'mails'), 'NO_SUCH_TOPIC'],
  ] as const
  for (const [call, code] of codes) {
    await expect(call).rejects.toMatchObject({ rejection: { code } })
  }
  expect(broker.sequence()).toBe(before)
})

test('a deleted group is forgotten with its offsets', async () => {
  await commit(4)
  await broker.do.deleteGroup('billing')
  await broker.do.createGroup('billing')
  expect(await broker.read((state) => lagOf(state, 'billing'))).toEqual({ orders: 10 })
})
