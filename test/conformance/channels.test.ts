import t from 'tap'
import { startApp } from '../support/app.ts'
import { FORMAT_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { get, publish } from '../support/clients/requests.ts'

const NAMES = [
  'a',
  'user:42',
  'A-Z_a.z~0@9+=',
  '.',
  '..',
  'x'.repeat(64),
  'a:b:c:d:e:f:g:h',
  Array.from({ length: 4 }, () => 'x'.repeat(63)).join(':'),
]

const PATTERNS = ['*', '**', 'a:*', '*:b', 'a:*:c', 'a:**', '*:**', 'a:b:c:d:e:f:g:*', 'a:b:c:d:e:f:g:**']

const NEITHER = [
  '',
  ':',
  ':a',
  'a:',
  'a::b',
  'a b',
  'a/b',
  'a%b',
  'é',
  'a\r\nb',
  'a\n',
  '\u0000',
  'x'.repeat(65),
  'a:b:c:d:e:f:g:h:i',
  Array.from({ length: 4 }, () => 'x'.repeat(64)).join(':'),
  'a*',
  '*a',
  '***',
  '**:a',
  'a:**:b',
  'a:b:c:d:e:f:g:h:**',
]

t.test('P-1 names are published to and subscribed to, and what is no name is refused', async (t) => {
  const service = await startApp(t)
  for (const name of NAMES) {
    t.equal((await publish(service, { channel: name, data: 1 })).status, 201, `publish on ${name}`)
    const { status, body } = await get(service, `/v1/stream?channel=${encodeURIComponent(name)}`)
    t.equal(status, 200, `subscribe to ${name}`)
    t.match(body, { ready: { channels: [name] } })
  }
  for (const name of [...NEITHER, ...PATTERNS]) {
    const { status, body } = await publish(service, { channel: name, data: 1 })
    t.equal(status, 400, `publish on ${JSON.stringify(name)}`)
    t.match(body, { code: 'bad-notification', errors: [{ pointer: '/channel' }] })
  }
})

t.test('P-1 in a query + is a space', async (t) => {
  const service = await startApp(t)
  t.equal((await get(service, '/v1/stream?channel=a+b')).status, 400)
  t.match((await get(service, '/v1/stream?channel=a%2Bb')).body, { ready: { channels: ['a+b'] } })
})

t.test('P-2 patterns are subscribed to, and what is neither name nor pattern is refused', async (t) => {
  const service = await startApp(t)
  for (const pattern of PATTERNS) {
    const { status, body } = await get(service, `/v1/stream?channel=${encodeURIComponent(pattern)}`)
    t.equal(status, 200, pattern)
    t.match(body, { ready: { channels: [pattern] } })
  }
  for (const text of NEITHER) {
    const { status, body } = await get(service, `/v1/stream?channel=${encodeURIComponent(text)}`)
    t.equal(status, 400, JSON.stringify(text))
    t.match(body, { code: 'bad-query', errors: [{ pointer: '/channel' }] })
  }
})

const MATCHES: readonly [pattern: string, channels: readonly string[]][] = [
  ['*', ['a', 'b']],
  ['**', ['a', 'b', 'a:1', 'a:2', 'b:1', 'a:1:x', 'a:2:y', 'a:1:x:z']],
  ['a:*', ['a:1', 'a:2']],
  ['*:1', ['a:1', 'b:1']],
  ['a:*:x', ['a:1:x']],
  ['a:**', ['a:1', 'a:2', 'a:1:x', 'a:2:y', 'a:1:x:z']],
  ['*:*:**', ['a:1:x', 'a:2:y', 'a:1:x:z']],
]

for (const kind of FORMAT_CLIENTS) {
  t.test(`P-2 * is one segment and ** one or more, live and from the log: ${kind.name}`, async (t) => {
    const service = await startApp(t)
    const channels = MATCHES[1]?.[1] ?? []
    const live = await Promise.all(
      MATCHES.map(([pattern]) => openFor(t, kind, service, { channel: pattern })),
    )
    for (const { inbox } of live) await inbox.expect('ready')
    await publish(service, { channels, data: 1 })
    for (const [index, [pattern, expected]] of MATCHES.entries()) {
      const replay = await openFor(t, kind, service, { channel: pattern, last: 100 })
      await replay.inbox.expect('ready')
      for (const client of [live[index], replay]) {
        const got = (await client?.inbox.notifications(expected.length))?.map(({ channel }) => channel)
        t.strictSame(got, expected, pattern)
        t.equal(client?.inbox.size, 0, 'and nothing else')
      }
    }
  })
}
