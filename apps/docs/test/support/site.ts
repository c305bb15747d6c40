import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What `vitepress build` has made. */
export const DIST: string = fileURLToPath(new URL('../../.vitepress/dist', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
}

/** Every page, as a path of the site: `/`, `/why`, `/guides/caches`. */
export function pagesOf(folder: string = DIST): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => name.endsWith('.html') && name !== '404.html')
    .map((name) => `/${name.replaceAll('\\', '/').replace(/(?:(?<=^|\/)index)?\.html$/, '')}`)
    .toSorted()
}

/** The file that a web server answers a path with; undefined where there is none. */
export function fileOf(path: string): string | undefined {
  const target = join(DIST, decodeURIComponent(path))
  if (relative(DIST, target).startsWith('..')) return undefined
  const candidates = [target, `${target}.html`, join(target, 'index.html')]
  return candidates.find((one) => existsSync(one) && statSync(one).isFile())
}

/** The HTML of a page. */
export function htmlOf(path: string): string {
  const file = fileOf(path)
  if (file === undefined) throw new Error(`there is no page ${path}`)
  return readFileSync(file, 'utf8')
}

/** Serves the site on a port of this machine. */
export async function serve(): Promise<{ origin: string; server: Server }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const file = fileOf(pathname)
    if (file === undefined) {
      response.writeHead(404).end('not found')
      return
    }
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
    response.end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, server }
}
