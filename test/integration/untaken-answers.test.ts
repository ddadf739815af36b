import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { type RunningApp, startApp } from '../support/app.ts'
import { getBytes, UPGRADE } from '../support/raw-http.ts'
import { until } from '../support/until.ts'

type Teardown = Parameters<typeof startApp>[0]

const ITEMS = JSON.stringify(Array.from({ length: 1000 }, (_, i) => ({ channel: 'a', id: `${i}`, data: 1 })))
/** Its answer is three times as long, and after the first nothing is stored of it. */
const PUBLISH = `POST ${getBytes('/v1/notifications', {
  'content-type': 'application/json',
  'content-length': `${ITEMS.length}`,
}).slice('GET '.length)}${ITEMS}`

/** So many connections there may be besides those of streams. */
const BESIDES_STREAMS = 1000

/** What may wait in this process for one peer, in bytes, however much it asks for. */
const MAX_UNTAKEN_BYTES = 4 * 1024 ** 2

/** A connection that takes nothing and never closes of itself; and its other end, in the service. */
async function openDeaf(t: Teardown, { app, port }: RunningApp): Promise<{ far: Socket; near: Socket }> {
  const accepted = once(app.server.server, 'connection') as Promise<[Socket]>
  const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(async () => void far.destroy())
  far.on('error', () => undefined).pause()
  const [near] = await accepted
  return { far, near }
}

for (const [what, request] of Object.entries({
  publishes: PUBLISH,
  figures: getBytes('/v1/stats').repeat(100),
  'history, pipelined': getBytes('/v1/stream?channel=a&cursor=earliest&wait=0').repeat(100),
})) {
  t.test(`who asks and asks but takes no answers is not heard any more, then dropped: ${what}`, async (t) => {
    const service = await startApp(t, { settings: { stallSeconds: 1 } })
    const { far, near } = await openDeaf(t, service)
    let most = 0
    await until(
      'it is dropped',
      () => {
        if (far.writableLength === 0) far.write(request)
        most = Math.max(most, near.writableLength)
        return near.destroyed
      },
      20,
    )
    t.ok(most > 0, 'it was stuck')
    t.ok(most < MAX_UNTAKEN_BYTES, `${most} bytes waited at most`)
  })
}

t.test('whoever is answered and then neither asks again nor closes is dropped', async (t) => {
  const service = await startApp(t, { settings: { stallSeconds: 1, requestTimeoutSeconds: 1 } })
  for (const [what, request] of [
    ['a request that is refused', getBytes('/v1/stream', { connection: 'close' })],
    ['an upgrade that is refused', getBytes('/v1/stream?channel=!', UPGRADE)],
    ['an upgrade from a foreign page', getBytes('/v1/stream?channel=a', { ...UPGRADE, origin: 'null' })],
    ['what is no HTTP', 'EHLO example.org\r\n\r\n'],
  ] as const) {
    const { far, near } = await openDeaf(t, service)
    far.write(request)
    await until(`${what}: it is dropped`, () => near.destroyed)
    t.ok(near.bytesWritten > 0, `${what}: it was answered`)
  }
})

t.test('a long-poll that waits longer than a stalled peer may is answered all the same', async (t) => {
  const service = await startApp(t, { settings: { stallSeconds: 1 } })
  const { cursor } = (await (await fetch(`${service.url}/v1/stream?channel=a`)).json()) as { cursor: string }
  const answer = await fetch(`${service.url}/v1/stream?channel=a&cursor=${cursor}&wait=3`)
  t.match(await answer.json(), { notifications: [] })
})

t.test('one connection too many is closed at once, and one that goes makes room', async (t) => {
  const service = await startApp(t, { settings: { maxConnections: 1 } })
  const connections = []
  for (let n = 0; n <= BESIDES_STREAMS; n++) connections.push(await openDeaf(t, service))
  t.notOk(
    connections.some(({ near }) => near.destroyed),
    'a stream, and a thousand besides',
  )
  const oneMore = await openDeaf(t, service)
  t.ok(oneMore.near.destroyed)
  const [first] = connections
  first?.far.destroy()
  await until('it has gone', () => first?.near.closed === true)
  t.equal((await fetch(`${service.url}/livez`)).status, 200)
})
