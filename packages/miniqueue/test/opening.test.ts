import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'
import { MiniQueue } from '../src/queue/mini-queue.js'

it('names a file that stands where the folder should be, and leaves it alone', async () => {
  const file = join(temporaryFolder(), 'x')
  writeFileSync(file, 'mine')
  for (const folder of [file, join(file, 'queues')]) {
    await expect(MiniQueue.open(folder)).rejects.toMatchObject({
      code: 'PATH_NOT_FOLDER',
      path: file,
      message: expect.stringContaining(`${file} is a file, and a folder is needed there`),
    })
  }
  expect(readFileSync(file, 'utf8')).toBe('mine')
})
