import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'

const INDEX = fileURLToPath(new URL('../../dist/index.cjs', import.meta.url))

it('a schedule alone does not keep the process alive', () => {
  const directory = join(temporaryFolder(), 'queues')
  const script = `
    const { MiniQueue } = require(${JSON.stringify(INDEX)})
    MiniQueue.open(${JSON.stringify(directory)}).then(async (queues) => {
      await queues.queue('q').schedules.upsert('s', { cron: '0 0 1 1 *', data: 1 })
      console.log('defined')
    })`
  // A process that lived on would be killed, and have no exit code.
  const options = { encoding: 'utf8' as const, timeout: 60_000 }
  const { status, stdout } = spawnSync(process.execPath, ['--eval', script], options)
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'defined\n' })
})
