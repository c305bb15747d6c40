import { MessageChannel, type MessagePort } from 'node:worker_threads'

/** Keeps the process alive while somebody waits for a job: one open port, and no wake-ups. */
export class KeepAlive {
  #holders = 0
  #port: { readonly held: MessagePort; readonly other: MessagePort } | undefined

  hold(): void {
    this.#holders += 1
    if (this.#port !== undefined) return
    const { port1: held, port2: other } = new MessageChannel()
    // A port with a listener keeps the process alive until it is closed.
    held.on('message', () => {})
    this.#port = { held, other }
  }

  release(): void {
    this.#holders -= 1
    if (this.#holders > 0) return
    this.#port?.held.close()
    this.#port?.other.close()
    this.#port = undefined
  }

  get isHeld(): boolean {
    return this.#holders > 0
  }
}
