// What a broker has to remember besides the messages: topics, consumer groups, and how far each group is.
import { type Immutable, defineState } from '@mini-rs/ministate'

export interface Metadata {
  /** By topic: where its messages end, which is the offset of the next one. */
  readonly ends: Map<string, number>
  /** By group, by topic: the offset of the next message that it has not processed. */
  readonly groups: Map<string, Map<string, number>>
}

const initial: Metadata = { ends: new Map(), groups: new Map() }

export const metadata = defineState({
  initial,
  mutations: (m) => ({
    createTopic: m((state, topic: string, context) => {
      if (state.ends.has(topic)) context.reject('TOPIC_EXISTS', topic)
      state.ends.set(topic, 0)
    }),
    /** With its topic, the offsets of all groups go: a topic of the same name begins anew. */
    deleteTopic: m((state, topic: string, context) => {
      if (!state.ends.delete(topic)) context.reject('NO_SUCH_TOPIC', topic)
      for (const offsets of state.groups.values()) offsets.delete(topic)
    }),
    /** Returns the offset of the first of them. */
    publish: m((state, { topic, count }: { topic: string; count: number }, context) => {
      const end = state.ends.get(topic)
      if (end === undefined) return context.reject('NO_SUCH_TOPIC', topic)
      if (!Number.isSafeInteger(count) || count <= 0) context.reject('BAD_COUNT', `${count}`)
      state.ends.set(topic, end + count)
      return end
    }),
    createGroup: m((state, group: string, context) => {
      if (state.groups.has(group)) context.reject('GROUP_EXISTS', group)
      state.groups.set(group, new Map())
    }),
    deleteGroup: m((state, group: string, context) => {
      if (!state.groups.delete(group)) context.reject('NO_SUCH_GROUP', group)
    }),
    /** Offsets only grow: a consumer that was slow to say so cannot make others process again. */
    commit: m((state, { group, topic, offset }: Commit, context) => {
      const offsets = state.groups.get(group)
      const end = state.ends.get(topic)
      if (offsets === undefined) return context.reject('NO_SUCH_GROUP', group)
      if (end === undefined) return context.reject('NO_SUCH_TOPIC', topic)
      const before = offsets.get(topic) ?? 0
      if (offset < before) context.reject('OFFSET_BEHIND', `${group} is at ${before} of ${topic}`)
      if (offset > end) context.reject('OFFSET_AHEAD', `${topic} ends at ${end}`)
      offsets.set(topic, offset)
    }),
  }),
})

export interface Commit {
  readonly group: string
  readonly topic: string
  readonly offset: number
}

/** How many messages a group has not processed, by topic. */
export function lagOf(state: Immutable<Metadata>, group: string): Record<string, number> {
  const offsets = state.groups.get(group)
  return Object.fromEntries(
    Array.from(state.ends, ([topic, end]) => [topic, end - (offsets?.get(topic) ?? 0)]),
  )
}
