// Node's file system, with a process that dies at one certain call on it.
import { nodeFileSystem } from '../../../dist/fs.js'

const die = () => process.kill(process.pid, 'SIGKILL')

/**
 * `arm()` starts to count. At call number `fatalCall` the process is killed `before` the call,
 * `during` it (it has been started, or for a write on this thread the `portion` of it was done), or `after`.
 */
export function mortalFileSystem(fatalCall, when, portion) {
  let count = Number.NEGATIVE_INFINITY
  const isFatal = () => ++count === fatalCall

  const mortal =
    (call) =>
    async (...args) => {
      if (!isFatal()) return call(...args)
      if (when === 'before') die()
      const running = call(...args)
      if (when === 'during') die()
      const answer = await running
      die()
      return answer
    }

  const mortalHandle = (handle) => ({
    ...handle,
    write: mortal(handle.write),
    sync: mortal(handle.sync),
    truncate: mortal(handle.truncate),
    writeSync: (bytes, offsetBytes) => {
      if (!isFatal()) return handle.writeSync(bytes, offsetBytes)
      const done = { before: 0, during: portion, after: 1 }[when]
      handle.writeSync(bytes.subarray(0, Math.ceil(bytes.length * done)), offsetBytes)
      die()
    },
    syncSync: () => {
      if (isFatal()) die()
      handle.syncSync()
    },
  })

  return {
    arm: () => (count = 0),
    fileSystem: {
      ...nodeFileSystem,
      open: mortal(async (...args) => mortalHandle(await nodeFileSystem.open(...args))),
      rename: mortal(nodeFileSystem.rename),
      remove: mortal(nodeFileSystem.remove),
      syncDirectory: mortal(nodeFileSystem.syncDirectory),
    },
  }
}
