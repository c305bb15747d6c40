import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { StateManager } from '@mini-rs/ministate'
import { countFromEnv, proving, temporaryFolder } from '@mini-rs/testkit/vitest'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ChainState, chain } from './support/chain.mjs'

const MUTATIONS = countFromEnv('FOLLOWED', 5_000)
const FOLLOWER = fileURLToPath(new URL('support/follower.mjs', import.meta.url))

/** What a follower says at its end. */
interface Verdict {
  readonly state: ChainState
  readonly wrong: string | null
  readonly changeCount: number
  readonly published: number
  readonly resets: number
}

/** A process that follows; stopped and continued as its operating system may do. */
class FollowerProcess {
  readonly #child
  readonly #lines: string[] = []
  readonly #ended: Promise<void>
  #wake: () => void = () => {}

  constructor(folder: string, until: number) {
    this.#child = spawn(process.execPath, [FOLLOWER, folder, String(until)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void this.#child.kill('SIGKILL'))
    const output = createInterface(this.#child.stdout)
    output.on('line', (line) => {
      this.#lines.push(line)
      this.#wake()
    })
    this.#ended = new Promise((resolve) => output.on('close', resolve))
    void this.#ended.then(() => this.#wake())
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  /** Resolves when it has said something, or has ended. */
  hasBegun(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  async verdict(): Promise<Verdict> {
    await this.#ended
    return JSON.parse(this.#lines.at(-1) ?? '') as Verdict
  }
}

describe('a follower in another process', () => {
  it(
    `ends with an equal state after ${MUTATIONS} mutations, rotations, snapshots and compactions, and never writes a byte`,
    { timeout: 120_000 + MUTATIONS * 10 },
    async () => {
      const folder = temporaryFolder()
      const writer = await StateManager.open(folder, chain, {
        maxSegmentBytes: 16 * 1024,
        snapshots: { everyRecords: 400 },
      })
      await writer.apply({ add: 1 })
      const follower = new FollowerProcess(folder, MUTATIONS)
      await follower.hasBegun()
      let verdict: Verdict | undefined
      let thirds = 0
      const follow = async (): Promise<void> => {
        for (let id = 2; id <= MUTATIONS;) {
          // It sleeps through a third of them, which are compacted away meanwhile.
          const third = Math.floor((3 * id) / MUTATIONS)
          if (third !== thirds) follower.signal(third === 1 ? 'SIGSTOP' : 'SIGCONT')
          thirds = third
          const count = Math.min(id % 4 === 0 ? 8 : 5, MUTATIONS - id + 1)
          const ids = Array.from({ length: count }, (_, index) => ({ add: id + index }))
          await (count === 8
            ? writer.applyAll(ids)
            : Promise.all(ids.map((mutation) => writer.apply(mutation))))
          id += count
        }
        verdict = await follower.verdict()
        expect(verdict).toMatchObject({ wrong: null, changeCount: 0 })
        expect(verdict.state).toEqual(writer.state)
        expect(JSON.stringify(verdict.state)).toBe(JSON.stringify(writer.state))
        expect(writer.state).toMatchObject({ last: MUTATIONS, isBroken: false })
        expect(verdict.resets).toBeGreaterThan(0)
      }
      const figures = () => ({ published: verdict?.published, resets: verdict?.resets })
      await proving({ row: 'follower', count: MUTATIONS, seed: undefined }, figures, follow)
      console.log('follower:', figures())
      await writer.close()
    },
  )
})
