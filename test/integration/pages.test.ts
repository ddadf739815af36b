import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { registerErrors } from '../../src/http/errors.ts'
import { CONSOLE, DOCS, type Page, pageRoutes } from '../../src/http/pages.ts'
import { systemClock } from '../../src/stream/clock.ts'

/** The routes of a page, the console where nothing is said, over a directory with `files`. */
function serve(
  t: { testdir(files: Record<string, string>): string; teardown(fn: () => Promise<void>): void },
  files: Record<string, string>,
  page: Page = CONSOLE,
): { app: FastifyInstance; directory: string } {
  const directory = t.testdir(files)
  const app = Fastify()
  registerErrors(app, systemClock)
  app.register(pageRoutes, { page, directory: pathToFileURL(`${directory}/`) })
  t.teardown(() => app.close())
  return { app, directory }
}

const FILES = {
  'index.html': '<!doctype html><title>Console</title>',
  'console.css': 'body{}',
  'console.js': 'export {}',
  'icon.svg': '<svg/>',
  'secret.txt': 'not for the public',
}

t.test('the page and what it is made of are served, each with its type', async (t) => {
  const { app } = serve(t, FILES)
  const types = new Map([
    ['/', 'text/html; charset=utf-8'],
    ['/console.css', 'text/css; charset=utf-8'],
    ['/console.js', 'application/javascript; charset=utf-8'],
    ['/icon.svg', 'image/svg+xml'],
  ])
  for (const [path, type] of types) {
    const { statusCode, headers } = await app.inject(path)
    t.equal(statusCode, 200, path)
    t.equal(headers['content-type'], type)
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.equal(headers['cache-control'], 'no-cache')
    const policy = `${headers['content-security-policy']}`.split('; ')
    t.ok(policy.includes("default-src 'self'"), 'nothing from elsewhere')
    t.ok(policy.includes("frame-ancestors 'none'"), 'in no frame')
    t.notMatch(policy.join(), 'unsafe')
  }
})

t.test('the page of the API runs nothing but what the service serves', async (t) => {
  const { app } = serve(t, { 'index.html': '<!doctype html><title>API</title>' }, DOCS)
  const { statusCode, headers } = await app.inject('/docs')
  t.equal(statusCode, 200)
  const policy = `${headers['content-security-policy']}`.split('; ')
  t.ok(policy.includes("default-src 'self'"))
  t.strictSame(
    policy.filter((directive) => /data:|https?:|unsafe|script|style/.test(directive)),
    ["img-src 'self' data:"],
  )
})

t.test('who has the file is not sent it again, until it is another', async (t) => {
  const { app, directory } = serve(t, FILES)
  const { etag } = (await app.inject('/console.js')).headers
  const headers = { 'if-none-match': `${etag}` }
  const again = await app.inject({ url: '/console.js', headers })
  t.equal(again.statusCode, 304)
  t.equal(again.body, '')
  writeFileSync(join(directory, 'console.js'), 'export const changed = true')
  t.equal((await app.inject({ url: '/console.js', headers })).statusCode, 200)
})

t.test('a file that the build has zipped, too, is sent so to whoever takes it', async (t) => {
  const zipped = gzipSync(FILES['console.js'])
  const { app, directory } = serve(t, FILES)
  writeFileSync(join(directory, 'console.js.gz'), zipped)
  const ask = (coding: string) => app.inject({ url: '/console.js', headers: { 'accept-encoding': coding } })
  const answer = await ask('br, gzip')
  t.match(answer.headers, {
    'content-type': 'application/javascript; charset=utf-8',
    'content-encoding': 'gzip',
    vary: 'accept-encoding',
  })
  t.same(answer.rawPayload, zipped)
  const plain = await ask('identity')
  t.equal(plain.headers['content-encoding'], undefined)
  t.equal(plain.body, FILES['console.js'])
  t.not(answer.headers.etag, plain.headers.etag, 'each coding has a tag of its own')
})

t.test('nothing else in the directory can be had', async (t) => {
  const { app } = serve(t, FILES)
  for (const path of ['/secret.txt', '/index.html', '/..%2fsecret.txt', '/console.css/../secret.txt']) {
    const { statusCode, headers } = await app.inject(path)
    t.equal(statusCode, 404, path)
    t.equal(headers['content-type'], 'application/problem+json')
  }
})

t.test('what has not been built is not found', async (t) => {
  const { app } = serve(t, {})
  const answer = await app.inject('/')
  t.equal(answer.statusCode, 404)
  t.match(answer.json(), { code: 'not-found' })
})
