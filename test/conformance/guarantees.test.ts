import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { ALL_CLIENTS, FORMAT_CLIENTS } from '../support/clients/all.ts'
import { type Client, type ClientKind, openFor } from '../support/clients/client.ts'
import { get, publish, publishNumbers } from '../support/clients/requests.ts'
import { startService } from '../support/service.ts'

/** A stream that begins with a cursor says `ready` first, but for a long-poll, which has something to say. */
async function begun(kind: ClientKind, { inbox }: Client): Promise<void> {
  if (kind.transport !== 'long-poll') await inbox.expect('ready')
}

t.test('P-3 what was answered with 2xx is there after the process was killed', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-guarantees-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const settings = { TIDINGS_LOG: 'embedded', TIDINGS_DATA_DIR: directory }
  const first = startService(t, settings)
  const { status, body } = await publish({ url: await first.url }, { channel: 'a', id: '1', data: [1] })
  t.equal(status, 201)
  first.process.kill('SIGKILL')
  await first.ended

  const second = startService(t, settings)
  const history = await get({ url: await second.url }, '/v1/stream?channel=a&cursor=earliest&wait=0')
  const cursor = body.notifications[0]?.cursor
  t.match(history.body, { notifications: [{ id: '1', data: [1], cursor }] })
})

for (const first of FORMAT_CLIENTS) {
  for (const second of FORMAT_CLIENTS) {
    t.test(
      `P-4 nothing is missing and nothing comes twice from ${first.name} to ${second.name}`,
      async (t) => {
        const service = await startApp(t)
        const before = await openFor(t, first, service, { channel: ['a', 'b:*'] })
        await before.inbox.expect('ready')
        await publishNumbers(service, 'a', 1, 3)
        await publishNumbers(service, 'b:1', 4, 6)
        const seen = await before.inbox.notifications(2)
        await before.close()

        await publishNumbers(service, 'a', 7, 8)
        const after = await openFor(t, second, service, {
          channel: ['a', 'b:*'],
          cursor: before.inbox.cursor,
        })
        await begun(second, after)
        const missed = await after.inbox.notifications(6)
        await publishNumbers(service, 'b:2', 9, 10)
        const live = await after.inbox.notifications(2)
        t.strictSame(
          [...seen, ...missed, ...live].map(({ data }) => data),
          [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        )
      },
    )
  }
}

for (const kind of ALL_CLIENTS) {
  t.test(`P-4 everybody gets the same, in log order, while publishers race: ${kind.name}`, async (t) => {
    const service = await startApp(t, { settings: { windowBytes: 64 * 1024 } })
    const live = await openFor(t, kind, service, { channel: '**' })
    await live.inbox.expect('ready')
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => publishNumbers(service, `c:${n}`, n * 50 + 1, n * 50 + 50)),
    )
    const replay = await openFor(t, kind, service, { channel: '**', cursor: 'earliest' })
    await begun(kind, replay)
    const [lived, replayed] = [await live.inbox.notifications(1000), await replay.inbox.notifications(1000)]
    t.strictSame(lived, replayed)
    t.equal(new Set(lived.map(({ data }) => data)).size, 1000, 'each of them once')
  })
}

/** So little is kept that a few hundred small notifications push everything before them out. */
const SMALL = { windowBytes: 64 * 1024, retentionBytes: 16 * 1024 }

for (const kind of ALL_CLIENTS) {
  t.test(
    `P-5 P-24 who comes back after retention has passed gets a gap and what is kept: ${kind.name}`,
    async (t) => {
      const service = await startApp(t, { settings: SMALL })
      const [cursor] = await publishNumbers(service, 'a', 1, 1)
      for (let n = 2; n <= 500; n += 50) await publishNumbers(service, 'a', n, Math.min(n + 49, 500))
      const client = await openFor(t, kind, service, { channel: 'a', cursor: cursor ?? '', limit: 1000 })
      await begun(kind, client)
      const gap = await client.inbox.expect('gap')
      t.equal(gap.reason, 'retention')
      const [first] = await client.inbox.notifications(1)
      const kept = 500 - Number(first?.data)
      t.ok(kept > 0 && kept < 499, `${kept + 1} are kept`)
      const rest = await client.inbox.notifications(kept)
      t.equal(rest.at(-1)?.data, 500)

      const again = await openFor(t, kind, service, { channel: 'a', cursor: gap.cursor, limit: 1000 })
      await begun(kind, again)
      t.strictSame(
        await again.inbox.notifications(kept + 1),
        [first, ...rest],
        'the cursor of the gap is sound',
      )
    },
  )

  t.test(
    `P-5 a burst of more than the log keeps is told by a gap on a live stream: ${kind.name}`,
    async (t) => {
      const service = await startApp(t, { settings: SMALL })
      const client = await openFor(t, kind, service, { channel: 'a', limit: 1000 })
      await client.inbox.expect('ready')
      await publishNumbers(service, 'a', 1, 500)
      t.equal((await client.inbox.expect('gap')).reason, 'retention')
      const [first] = await client.inbox.notifications(1)
      const rest = await client.inbox.notifications(500 - Number(first?.data))
      t.equal(rest.at(-1)?.data, 500)
      t.ok(rest.length < 400, 'most of them are gone')
    },
  )

  t.test(`P-5 P-24 a cursor of another log gets a gap and what this log keeps: ${kind.name}`, async (t) => {
    const service = await startApp(t)
    const other = await startApp(t)
    const [foreign = ''] = await publishNumbers(other, 'a', 1, 1)
    await publishNumbers(service, 'a', 1, 3)
    const client = await openFor(t, kind, service, { channel: 'a', cursor: foreign })
    await begun(kind, client)
    t.equal((await client.inbox.expect('gap')).reason, 'epoch')
    t.strictSame(
      (await client.inbox.notifications(3)).map(({ data }) => data),
      [1, 2, 3],
    )
  })
}

for (const [transport, headers] of [
  ['sse', 'Accept: text/event-stream\r\n'],
  [
    'websocket',
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n',
  ],
]) {
  t.test(`P-6 a client that takes no bytes leaves next to nothing in the server: ${transport}`, async (t) => {
    const service = await startApp(t, { settings: { windowBytes: 64 * 1024 } })
    const accepted = once(service.app.server.server, 'connection')
    const socket = connect(service.port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.write(`GET /v1/stream?channel=a HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`)
    await once(socket, 'data')
    socket.pause()
    const [serverSide] = await accepted
    const data = 'x'.repeat(60_000)
    let most = 0
    for (let n = 0; n < 40; n++) {
      await publish(
        service,
        Array.from({ length: 10 }, () => ({ channel: 'a', data })),
      )
      most = Math.max(most, serverSide.writableLength)
    }
    t.ok(most > 0, 'the connection was full')
    t.ok(most < 256 * 1024, `at most ${most} of 24,000,000 bytes waited for it`)
  })
}

t.test('P-7 what is published again is stored once, and answered with the first cursor', async (t) => {
  const service = await startApp(t)
  const first = await publish(service, { channel: 'a', id: '1', data: 1 })
  const again = await publish(service, { channel: 'a', id: '1', data: 2 })
  t.strictSame([first.status, again.status], [201, 200])
  t.equal(again.body.notifications[0]?.cursor, first.body.notifications[0]?.cursor)
  const history = await get(service, '/v1/stream?channel=a&cursor=earliest&wait=0')
  t.match(history.body, { notifications: [{ data: 1 }] })
  t.notMatch(history.body, { notifications: [{}, {}] })
})
