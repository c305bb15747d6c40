import type { JobTable } from './job-table.js'
import { SlotHeap } from './slot-heap.js'
import { SlotQueue } from './slot-queue.js'

/** How the groups of a queue behave. */
export interface GroupRules {
  /** Jobs of one group that run at once. */
  readonly concurrency: number
  /** `block`: a failed job holds up its group until it has succeeded or died. */
  readonly onFailure: 'block' | 'skip'
}

interface Group {
  readonly name: string
  readonly heap: SlotHeap
  active: number
  /** Jobs that were taken and have not begun: while their bodies are read, say. */
  taken: number
  blocking: number
}

/**
 * The jobs of one queue that may run now, in their order: priority, then when they became ready, then their
 * number. Jobs of a group are ordered within it, and the groups come in turn.
 */
export class ReadySet {
  #rules: GroupRules = { concurrency: 1, onFailure: 'block' }
  readonly #table: JobTable
  readonly #single: SlotQueue
  readonly #groups = new Map<string, Group>()
  /** Groups with something that may run, the next one first. */
  readonly #turn = new Set<Group>()
  /** Jobs of groups that were taken, until they are removed or put back. */
  readonly #taken = new Set<number>()

  constructor(table: JobTable) {
    this.#table = table
    this.#single = new SlotQueue(table.positions, (a, b) => this.#isBefore(a, b))
  }

  get rules(): GroupRules {
    return this.#rules
  }

  set rules(rules: GroupRules) {
    this.#rules = rules
    for (const group of this.#groups.values()) this.#consider(group)
  }

  /** A job may run; also one that was taken and has not begun. */
  add(slot: number): void {
    const group = this.#groupOf(slot)
    const heap = group?.heap ?? this.#single
    if (!heap.has(slot)) heap.push(slot)
    if (group === undefined) return
    this.#untake(slot, group)
    this.#consider(group)
  }

  /** A job may no longer run, or begins; also one that was taken. */
  remove(slot: number): void {
    const group = this.#groupOf(slot)
    const heap = group?.heap ?? this.#single
    if (heap.has(slot)) heap.remove(slot)
    if (group === undefined) return
    this.#untake(slot, group)
    this.#settle(group)
  }

  /** A job has begun. */
  begin(slot: number): void {
    const group = this.#groupOf(slot)
    if (group === undefined) return
    group.active += 1
    this.#consider(group)
  }

  /** A job that had begun is over, whatever its end. */
  end(slot: number): void {
    const group = this.#groupOf(slot)
    if (group === undefined) return
    group.active -= 1
    this.#settle(group)
  }

  /** A failed job waits for its next time, and holds up its group as the rules say. */
  block(slot: number): void {
    const group = this.#groupOf(slot)
    const extra = this.#table.extra(slot)
    if (group === undefined || extra?.isBlocking === true) return
    this.#table.extraToChange(slot).isBlocking = true
    group.blocking += 1
  }

  unblock(slot: number): void {
    const group = this.#groupOf(slot)
    if (group === undefined || this.#table.extra(slot)?.isBlocking !== true) return
    this.#table.extraToChange(slot).isBlocking = false
    group.blocking -= 1
    this.#settle(group)
  }

  /**
   * Takes the next one of which `mayRun` is true; those before it keep their places. It is to be removed when
   * it begins, or added again.
   */
  take(mayRun: (slot: number) => boolean): number | undefined {
    let passed: number[] | undefined
    let slot = this.#takeNext()
    while (slot !== undefined && !mayRun(slot)) {
      passed ??= []
      passed.push(slot)
      slot = this.#takeNext()
    }
    if (passed !== undefined) for (const one of passed) this.add(one)
    return slot
  }

  /** Why a job that waits does not run, as far as its group goes. */
  holdUp(slot: number): { readonly group: string; readonly why: 'busy' | 'blocked' } | undefined {
    const group = this.#groupOf(slot)
    if (group === undefined || this.#isEligible(group)) return undefined
    const isBusy = group.active + group.taken >= this.rules.concurrency
    const why = isBusy ? 'busy' : 'blocked'
    return { group: group.name, why }
  }

  /** Whether nothing may run. */
  get isEmpty(): boolean {
    return this.#single.size === 0 && this.#nextGroup() === undefined
  }

  #takeNext(): number | undefined {
    const group = this.#nextGroup()
    const grouped = group?.heap.peek()
    const single = this.#single.peek()
    if (group === undefined || grouped === undefined) return this.#single.pop()
    if (single !== undefined && this.#isBefore(single, grouped)) return this.#single.pop()
    group.heap.pop()
    group.taken += 1
    this.#taken.add(grouped)
    // Behind the others.
    this.#turn.delete(group)
    this.#consider(group)
    return grouped
  }

  #nextGroup(): Group | undefined {
    for (const group of this.#turn) {
      if (this.#isEligible(group)) return group
      this.#turn.delete(group)
    }
    return undefined
  }

  #consider(group: Group): void {
    if (this.#isEligible(group)) this.#turn.add(group)
  }

  #settle(group: Group): void {
    this.#consider(group)
    const { heap, active, taken, blocking } = group
    const isOver = heap.size === 0 && active === 0 && taken === 0 && blocking === 0
    if (isOver) this.#groups.delete(group.name)
  }

  #untake(slot: number, group: Group): void {
    if (this.#taken.delete(slot)) group.taken -= 1
  }

  #isEligible(group: Group): boolean {
    const { concurrency, onFailure } = this.rules
    if (group.heap.size === 0 || group.active + group.taken >= concurrency) return false
    return onFailure === 'skip' || group.blocking === 0
  }

  #groupOf(slot: number): Group | undefined {
    const name = this.#table.extra(slot)?.group
    if (name === undefined) return undefined
    let group = this.#groups.get(name)
    if (group === undefined) {
      const heap = new SlotHeap(this.#table.positions, (a, b) => this.#isBeforeInGroup(a, b))
      group = { name, heap, active: 0, taken: 0, blocking: 0 }
      this.#groups.set(name, group)
    }
    return group
  }

  #isBefore(a: number, b: number): boolean {
    const table = this.#table
    const byPriority = table.priority(a) - table.priority(b)
    if (byPriority !== 0) return byPriority < 0
    const byTime = table.dueMs(a) - table.dueMs(b)
    return byTime === 0 ? table.seq(a) < table.seq(b) : byTime < 0
  }

  #isBeforeInGroup(a: number, b: number): boolean {
    const table = this.#table
    const byPlace = (table.extra(a)?.placeMs ?? 0) - (table.extra(b)?.placeMs ?? 0)
    return byPlace === 0 ? table.seq(a) < table.seq(b) : byPlace < 0
  }
}
