// A worker in plain JavaScript, as CommonJS: what fails is tried again, what keeps failing is a dead letter,
// and what was running when the process was killed comes again.
const { MiniQueue, NonRetryableError } = require('@mini-rs/miniqueue')
const { setTimeout: sleep } = require('node:timers/promises')

async function shrink({ data, id, previous }) {
  if (previous?.outcome === 'crashed') console.log(`${id} was running when the process died`)
  await sleep(50)
  if (data.name === 'picture-7') throw new Error('the disk is slow') // tried again
  if (data.name === 'picture-8') throw new NonRetryableError('no picture') // given up at once
  return `small-${data.name}`
}

async function main() {
  const queues = await MiniQueue.open('jobs')
  const pictures = queues.queue('pictures', {
    attempts: 3,
    backoff: { type: 'exponential', delayMs: 50, maxMs: 1_000 },
  })

  pictures.on('retry', ({ job, error }) => console.log(`${job.id} again: ${error?.message}`))
  pictures.on('dead', ({ job, reason }) => console.log(`${job.id} is dead: ${reason}`))

  const names = Array.from({ length: 30 }, (_, n) => `picture-${n + 1}`)
  await pictures.enqueueMany(names.map((name) => ({ data: { name }, options: { id: name } })))

  // `node worker.cjs kill` does what `kill -9` does, in the middle of the work.
  if (process.argv.includes('kill')) {
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300)
  }

  pictures.process(shrink, { concurrency: 4 })

  await pictures.idle()
  const { completed, dead } = pictures.stats()
  console.log(`${completed} are done, ${dead} are dead letters`)
  for (const { job, error } of await pictures.dead.list()) {
    console.log(`${job.id}: ${error?.message} (${job.failures} of 3 attempts failed)`)
  }
  await queues.close()
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
