import t, { type Test } from 'tap'
import { startApp } from '../support/app.ts'
import { ALL_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { fetchLongPollClient } from '../support/clients/long-poll.ts'
import { get, publish, type Target } from '../support/clients/requests.ts'
import { eventSourceClient } from '../support/clients/sse.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'
import { until } from '../support/until.ts'

async function count(target: Target, channel: string): Promise<number> {
  const { status, body } = await get(target, `/v1/channels/${encodeURIComponent(channel)}`)
  if (status !== 200) throw new Error(JSON.stringify(body))
  return (body as { subscribers: number }).subscribers
}

/** An SSE client that has said that it is there. */
async function subscribe(t: Test, target: Target, ...channel: string[]) {
  const client = await openFor(t, eventSourceClient, target, { channel })
  await client.inbox.expect('ready')
  return client
}

for (const kind of ALL_CLIENTS) {
  t.test(`P-230 a channel has as many subscribers as there are streams: ${kind.name}`, async (t) => {
    const service = await startApp(t)
    t.match(await get(service, '/v1/channels/a:b'), {
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: { channel: 'a:b', subscribers: 0 },
    })
    const clients = [
      await openFor(t, kind, service, { channel: ['a:b', 'c'] }),
      await openFor(t, kind, service, { channel: ['a:*', 'a:b', 'a:**'] }),
      await openFor(t, kind, service, { channel: ['c'] }),
    ]
    for (const { inbox } of clients) await inbox.expect('ready')
    t.equal(await count(service, 'a:b'), 2, 'one that has it by name and by pattern counts once')
    t.equal(await count(service, 'a:other'), 1)
    t.equal(await count(service, 'c'), 2)
    for (const client of clients) await client.close()
    await until('nobody is there', async () => (await count(service, 'a:b')) === 0)
  })
}

t.test('P-231 the channels that somebody has by name are listed, page by page', async (t) => {
  const service = await startApp(t)
  const names = Array.from({ length: 25 }, (_, i) => `user:${100 + i}`)
  await subscribe(t, service, ...names)
  await subscribe(t, service, 'user:100', 'news', 'user:*')
  const list = async (query: string) => (await get(service, `/v1/channels?${query}`)).body
  const twice = (channel: string) => ({ channel, subscribers: 2 })
  t.strictSame(await list('pattern=news'), { channels: [{ channel: 'news', subscribers: 1 }] })
  t.strictSame(await list('pattern=nothing:*'), { channels: [] })
  const all = (await list('')) as { channels: { channel: string }[] }
  t.strictSame(
    all.channels.map(({ channel }) => channel),
    ['news', ...names],
  )
  const seen: unknown[] = []
  let after = ''
  for (const size of [10, 10, 5]) {
    const page = (await list(`pattern=user:*&limit=10&after=${after}`)) as {
      channels: unknown[]
      next?: string
    }
    t.equal(page.channels.length, size)
    t.equal(page.next, size === 10 ? names[seen.length + 9] : undefined)
    seen.push(...page.channels)
    after = page.next ?? ''
  }
  t.strictSame(seen, names.map(twice))
})

t.test('P-231 what is not valid is refused', async (t) => {
  const service = await startApp(t)
  for (const [path, pointer] of [
    ['/v1/channels/a*', '/channel'],
    ['/v1/channels/a%20b', '/channel'],
    ['/v1/channels?pattern=a%20b', '/pattern'],
    ['/v1/channels?pattern=a&pattern=b', '/pattern'],
    ['/v1/channels?limit=0', '/limit'],
    ['/v1/channels?limit=1001', '/limit'],
    ['/v1/channels?limit=1e2', '/limit'],
    ['/v1/channels?limit=', '/limit'],
    ['/v1/channels?after=a&after=b', '/after'],
  ] as const) {
    t.match(
      await get(service, path),
      { status: 400, body: { code: 'bad-query', errors: [{ pointer }] } },
      path,
    )
  }
})

t.test('P-232 a long-poll client is there between two polls, and for two seconds more', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock })
  const poll = async (query: string) =>
    (await get(service, `/v1/stream?channel=a&${query}`)).body as { cursor: string }
  const { cursor } = await poll('')
  t.equal(await count(service, 'a'), 1, 'it has been answered')
  t.match((await get(service, '/v1/channels')).body, { channels: [{ channel: 'a', subscribers: 1 }] })
  await publish(service, { channel: 'a', data: 1 })
  const next = await poll(`cursor=${cursor}`)
  t.equal(await count(service, 'a'), 1, 'it came, and was answered again')
  clock.pass(1999)
  t.equal(await count(service, 'a'), 1)
  await poll(`cursor=${next.cursor}&wait=0`)
  clock.pass(1)
  t.equal(await count(service, 'a'), 0, 'it has not come back; and to ask for the history is not to be there')

  const client = await openFor(t, fetchLongPollClient, service, { channel: 'a' })
  await client.inbox.expect('ready')
  for (let n = 0; n < 20; n++) {
    await publish(service, { channel: 'a', data: n })
    await client.inbox.notifications(1)
    t.equal(await count(service, 'a'), 1)
  }
})

t.test('P-233 whoever may publish on a channel, or has admin, may know who is there', async (t) => {
  const service = await startApp(t, { settings: { auth: 'jwt', jwtSecret: JWT_SECRET } })
  const asked = async (path: string, grants: object) => {
    const authorization = `Bearer ${await mintToken({ tidings: grants })}`
    return (await get(service, path, { authorization })).status
  }
  const cases: [path: string, grants: object, status: number][] = [
    ['/v1/channels/user:42', { publish: ['user:*'] }, 200],
    ['/v1/channels/user:42', { admin: true }, 200],
    ['/v1/channels/user:42', { publish: ['news'], subscribe: ['user:42'] }, 403],
    ['/v1/channels?pattern=user:*', { publish: ['user:**'] }, 200],
    ['/v1/channels?pattern=user:*', { publish: ['user:42'] }, 403],
    ['/v1/channels', { publish: ['user:**'] }, 403],
    ['/v1/channels', { admin: true }, 200],
  ]
  for (const [path, grants, status] of cases) {
    t.equal(await asked(path, grants), status, `${path} ${JSON.stringify(grants)}`)
  }
  t.equal((await get(service, '/v1/channels/user:42')).status, 401)
  const authorization = `Bearer ${await mintToken({ tidings: { admin: true } })}`
  const { body } = await get(service, '/v1/channels', { authorization })
  t.strictSame(body, { channels: [] }, "the service's own channels are not listed")
})
