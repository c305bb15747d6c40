// Coming from lowdb: the JSON file becomes the state, once, and every change of it is durable from then on.
import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import './own-folder.js'
import { StateManager, defineState } from '@mini-rs/ministate'

interface Post {
  readonly id: number
  readonly title: string
}

/** The same shape as `db.data` had. */
const blog = defineState({
  initial: { posts: [] as Post[] },
  mutations: (m) => ({
    import: m((state, data: { posts: Post[] }) => {
      state.posts = data.posts
    }),
    // What was `db.data.posts.push(post); await db.write()`.
    publish: m((state, title: string) => {
      const post = { id: state.posts.length + 1, title }
      state.posts.push(post)
      return post
    }),
  }),
})

// For this example: a file as lowdb leaves it.
const OLD = 'db.json'
if (!existsSync('blog')) await writeFile(OLD, '{ "posts": [{ "id": 1, "title": "hello" }] }')

const db = await StateManager.open('blog', blog)
if (existsSync(OLD)) {
  // A crash between the two lines imports it again: the same state.
  await db.apply({ import: JSON.parse(await readFile(OLD, 'utf8')) as { posts: Post[] } })
  await rename(OLD, `${OLD}.imported`)
}

const { result } = await db.do.publish('durable')
console.log(`post ${result.id} is on the disk`)
console.log(db.state.posts.map(({ title }) => title).join(', '))
await db.close()
