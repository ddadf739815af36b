import t, { type Test } from 'tap'
import { request } from 'undici'
import { startApp } from '../support/app.ts'
import type { Fault } from '../support/network/fault.ts'
import {
  ancient,
  blockSse,
  cutIdleWebSocket,
  cutLongPoll,
  cutSse,
  delay,
  down,
  holdSse,
  ignoreUpgrade,
  killWebSocket,
  loginPage,
  muteWebSocket,
  refuseUpgrade,
  swallowLargeFrames,
} from '../support/network/faults.ts'
import { ask, openSse, openWebSocket } from '../support/network/plain-clients.ts'
import { startNetworkProxy } from '../support/network/proxy.ts'

/** A service behind a proxy with `faults`, and the ways to it. */
async function behind(t: Test, ...faults: Fault[]) {
  const { port, url: service } = await startApp(t)
  const proxy = await startNetworkProxy(t, port)
  proxy.set(...faults)
  const publish = async (data: unknown): Promise<void> => {
    const { body } = await request(`${service}/v1/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'a', data }),
    })
    await body.dump()
  }
  return {
    proxy,
    publish,
    direct: `${service}/v1/stream?channel=a`,
    stream: `${proxy.url}/v1/stream?channel=a`,
  }
}

t.test('without a fault everything passes', async (t) => {
  const { stream, publish } = await behind(t)
  const clients = [openWebSocket(t, stream), openSse(t, stream)]
  for (const client of clients) await client.until('ready')
  await publish(1)
  for (const client of clients) await client.until('notification')
  await ask(t, stream).until('HTTP/1.1 200 OK')
})

for (const status of [400, 403, 502]) {
  t.test(`an upgrade that is refused gets ${status}, and a stream of events passes`, async (t) => {
    const { stream } = await behind(t, refuseUpgrade(status))
    await openWebSocket(t, stream).until(`${status}`)
    await openSse(t, stream).until('ready')
  })
}

t.test('an upgrade that is ignored gets nothing', async (t) => {
  const { stream } = await behind(t, ignoreUpgrade())
  const client = openWebSocket(t, stream)
  await openSse(t, stream).until('ready')
  t.same(client.told, [])
})

t.test('a mute WebSocket opens, and that is all', async (t) => {
  const { stream, publish } = await behind(t, muteWebSocket())
  const client = openWebSocket(t, stream)
  await client.until('open')
  const sse = openSse(t, stream)
  await sse.until('ready')
  await publish(1)
  await sse.until('notification')
  t.same(client.told, ['open'])
})

t.test('a WebSocket that is to die young is closed', async (t) => {
  const { stream } = await behind(t, killWebSocket(200))
  const client = openWebSocket(t, stream)
  await client.until('closed')
  t.same(client.told, ['open', 'ready', 'closed'])
})

t.test('an idle WebSocket is cut, and none on which something happens', async (t) => {
  const { stream, publish } = await behind(t, cutIdleWebSocket(300))
  const client = openWebSocket(t, stream)
  await client.until('ready')
  const begin = performance.now()
  while (performance.now() - begin < 600) {
    await publish(1)
  }
  t.notOk(client.told.includes('closed'))
  await client.until('closed')
})

t.test('a frame above the limit is swallowed with all behind it', async (t) => {
  const { stream, direct, publish } = await behind(t, swallowLargeFrames(4096))
  const [client, other] = [openWebSocket(t, stream), openWebSocket(t, direct)]
  for (const one of [client, other]) await one.until('ready')
  await publish('small')
  await client.until('notification')
  await publish('x'.repeat(5000))
  await publish('small')
  const third = openWebSocket(t, `${direct}&last=3`)
  await third.until('notification')
  t.same(client.told, ['open', 'ready', 'notification'])
})

t.test('a stream of events that is held gets nothing', async (t) => {
  const { stream } = await behind(t, holdSse())
  const client = openSse(t, stream)
  await openWebSocket(t, stream).until('ready')
  t.same(client.told, [])
})

t.test('events in blocks come when a block is full', async (t) => {
  const { stream, publish } = await behind(t, blockSse(8192))
  const client = openSse(t, stream)
  await client.until('200')
  const other = openWebSocket(t, stream)
  await other.until('ready')
  await publish(1)
  await other.until('notification')
  t.same(client.told, ['200'])
  await publish('x'.repeat(8192))
  await client.until('notification')
})

t.test('a stream of events is cut at its age', async (t) => {
  const { stream } = await behind(t, cutSse(200))
  await openSse(t, stream).until('closed')
})

t.test('a long poll is cut while it waits', async (t) => {
  const { stream } = await behind(t, cutLongPoll(200))
  const client = ask(t, `${stream}&cursor=earliest&wait=5`)
  await client.until('closed')
  t.same(client.told, ['closed'])
})

t.test('what is down cuts every request, and what is cut is cut', async (t) => {
  const { stream, proxy } = await behind(t)
  const client = openWebSocket(t, stream)
  await client.until('ready')
  proxy.set(down())
  proxy.cut()
  await client.until('closed')
  for (const open of [openWebSocket, openSse, ask]) {
    const next = open(t, stream)
    await next.until('closed')
    t.same(next.told, ['closed'])
  }
})

t.test('what is delayed comes late, and whole', async (t) => {
  const { stream, publish } = await behind(t, delay(200))
  const begin = performance.now()
  const clients = [openWebSocket(t, stream), openSse(t, stream)]
  for (const client of clients) await client.until('ready')
  t.ok(performance.now() - begin > 390, 'head and message each take their time')
  await publish('x'.repeat(10_000))
  for (const client of clients) await client.until('notification')
})

t.test('a login page comes in place of everything', async (t) => {
  const { stream } = await behind(t, loginPage())
  await openWebSocket(t, stream).until('200')
  const client = ask(t, stream)
  await client.until('HTTP/1.1 200 OK')
  await client.until('content-type: text/html')
})

t.test('HTTP/1.0 takes no upgrade and ends with the connection', async (t) => {
  const { stream, publish } = await behind(t, ancient())
  await openWebSocket(t, stream).until('200')
  const client = ask(t, stream)
  await client.until('closed')
  t.equal(client.told[0], 'HTTP/1.0 200 OK')
  const sse = openSse(t, stream)
  await sse.until('ready')
  await publish(1)
  await sse.until('notification')
})

t.test('two faults work together', async (t) => {
  const { stream } = await behind(t, refuseUpgrade(403), holdSse())
  const sse = openSse(t, stream)
  await openWebSocket(t, stream).until('403')
  await ask(t, stream).until('HTTP/1.1 200 OK')
  t.same(sse.told, [])
})
