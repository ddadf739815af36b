import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Fastify from 'fastify'
import t from 'tap'
import { WebSocket } from 'ws'
import { bundleClient, MOST_BYTES, sizeOf } from '../../scripts/client-bundle.ts'
import type * as client from '../../src/client/index.ts'
import { clientFileRoute } from '../../src/http/client-file.ts'
import { startApp } from '../support/app.ts'
import { openGate } from '../support/gate.ts'
import { until } from '../support/until.ts'

const code = await bundleClient()

t.test('the SDK in one file is as small as promised', async (t) => {
  t.ok(sizeOf(code) <= MOST_BYTES, `${sizeOf(code)} bytes`)
})

t.test('the file works over every transport', async (t) => {
  const file = join(t.testdir(), 'client.mjs')
  writeFileSync(file, code)
  const { connect }: typeof client = await import(pathToFileURL(file).href)
  const { url, port } = await startApp(t)
  const gate = await openGate(t, port)
  for (const transport of ['websocket', 'sse', 'long-poll'] as const) {
    const stream = connect<number>(gate.url, {
      channels: ['numbers'],
      transports: [transport],
      WebSocket,
    })
    const got: number[] = []
    stream.on('notification', ({ data }) => got.push(data))
    await until(`live over ${transport}`, () => stream.status.state === 'live')
    await fetch(`${url}/v1/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'numbers', data: 7 }),
    })
    await until('a notification', () => got.length > 0)
    t.same(got, [7], transport)
    stream.close()
  }
})

t.test('the file is served zipped where that is taken, and not again while it is the same', async (t) => {
  const file = join(t.testdir({ 'client.js': code }), 'client.js')
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(clientFileRoute, { file: pathToFileURL(file) })

  const plain = await app.inject('/client.js')
  t.equal(plain.statusCode, 200)
  t.equal(plain.body, code)
  t.match(plain.headers, { 'content-type': 'text/javascript; charset=utf-8', vary: 'accept-encoding' })
  t.equal(plain.headers['content-encoding'], undefined)

  const headers = { 'accept-encoding': 'br, gzip' }
  const zipped = await app.inject({ url: '/client.js', headers })
  t.equal(zipped.headers['content-encoding'], 'gzip')
  t.ok(zipped.rawPayload.length <= MOST_BYTES)
  t.not(zipped.headers.etag, plain.headers.etag, 'each coding has a tag of its own')

  for (const tag of [zipped.headers.etag, `W/${zipped.headers.etag}`, `"other", ${zipped.headers.etag}`]) {
    const again = await app.inject({ url: '/client.js', headers: { ...headers, 'if-none-match': `${tag}` } })
    t.equal(again.statusCode, 304)
    t.equal(again.body, '')
  }
  const refused = await app.inject({ url: '/client.js', headers: { 'accept-encoding': 'gzip;q=0' } })
  t.equal(refused.headers['content-encoding'], undefined)
})

t.test('without a build there is no file to serve', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(clientFileRoute, { file: new URL('none.js', import.meta.url) })
  t.equal((await app.inject('/client.js')).statusCode, 404)
})
