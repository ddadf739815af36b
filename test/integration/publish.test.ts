import t from 'tap'
import { request } from 'undici'
import { type Log, LogUnavailable, type Notification } from '../../src/log/log.ts'
import { ChannelSet } from '../../src/protocol/channel-set.ts'
import { formatCursor } from '../../src/protocol/cursor.ts'
import { logWith, type PublishService, RETENTION_SECONDS, servePublish } from '../support/http.ts'

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: unknown
}

async function post(
  { url }: PublishService,
  body: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await request(`${url}/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  return { status: answer.statusCode, headers: answer.headers, body: await answer.body.json() }
}

/** All that the log holds, the oldest first. */
async function stored(log: Log): Promise<readonly Notification[]> {
  return (await log.read(new ChannelSet(['**']), 0, 20_000)).notifications
}

t.test('a notification is stored as published, and answered with its cursor', async (t) => {
  const service = await servePublish(t)
  const item = {
    channel: 'user:42',
    data: { any: ['JSON', null, 1.5, 'é😀'] },
    type: 'order.shipped',
    id: 'ord 7',
    ttl: 60,
  }
  const answer = await post(service, JSON.stringify(item, undefined, 2))
  t.equal(answer.status, 201)
  t.match(answer.headers['content-type'], /^application\/json/)
  const cursor = formatCursor(service.bounds.epoch, 1)
  t.strictSame(answer.body, {
    notifications: [{ id: 'ord 7', channel: 'user:42', cursor, duplicate: false }],
  })

  const [notification, ...more] = await stored(service.log)
  t.match(notification, {
    position: 1,
    channel: 'user:42',
    id: 'ord 7',
    type: 'order.shipped',
    data: JSON.stringify(item.data),
  })
  t.equal(notification?.expires, (notification?.time ?? 0) + 60_000)
  t.equal(more.length, 0)
})

t.test('data may be any JSON value', async (t) => {
  const service = await servePublish(t)
  for (const data of ['null', 'false', '0', '""', '[]', '{}', '"\\u0000\\n"']) {
    t.equal((await post(service, `{"channel":"a","data":${data}}`)).status, 201, data)
    t.equal((await stored(service.log)).at(-1)?.data, data)
  }
})

t.test('an item without an id gets a UUIDv7, one for all its channels', async (t) => {
  const service = await servePublish(t)
  const { body } = await post(
    service,
    '[{"channels":["b:1","a","c"],"data":1},{"channel":"a","data":2,"id":"x"}]',
  )
  const { notifications } = body as { notifications: { id: string; channel: string; cursor: string }[] }
  const id = notifications[0]?.id ?? ''
  t.match(id, UUID_V7)
  t.match(notifications, [
    { id, channel: 'b:1' },
    { id, channel: 'a' },
    { id, channel: 'c' },
    { id: 'x', channel: 'a' },
  ])
  t.strictSame(
    (await stored(service.log)).map(({ position }) => formatCursor(service.bounds.epoch, position)),
    notifications.map(({ cursor }) => cursor),
    'the log has them in the order of the answer',
  )
})

t.test('a body of NDJSON is a batch', async (t) => {
  const service = await servePublish(t)
  const lines = ['', '{"channel":"a","data":1}\r', '  ', '{"channel":"b","data":2}', '']
  for (const [end, body] of [
    ['a line feed', lines.join('\n')],
    ['nothing', lines.join('\n').trimEnd()],
  ] as const) {
    const answer = await post(service, body, { 'content-type': 'application/x-ndjson' })
    t.equal(answer.status, 201, `ends with ${end}`)
    t.match(answer.body, { notifications: [{ channel: 'a' }, { channel: 'b' }] })
  }
})

t.test('what is published again is a duplicate with the first cursor', async (t) => {
  const service = await servePublish(t)
  const first = await post(service, '{"channel":"a","id":"1","data":1}')
  const again = await post(service, '{"channel":"a","id":"1","data":"other"}')
  t.equal(again.status, 200, 'nothing new')
  const cursor = formatCursor(service.bounds.epoch, 1)
  t.strictSame(again.body, { notifications: [{ id: '1', channel: 'a', cursor, duplicate: true }] })
  t.match(first.body, { notifications: [{ cursor }] })

  const mixed = await post(
    service,
    '[{"channels":["a","b"],"id":"1","data":1},{"channel":"b","id":"1","data":1}]',
  )
  t.equal(mixed.status, 201, 'one of them is new')
  t.match(mixed.body, { notifications: [{ duplicate: true }, { duplicate: false }, { duplicate: true }] })
  t.equal((await stored(service.log)).length, 2)
})

t.test('the Idempotency-Key stands for ids that are not there', async (t) => {
  const service = await servePublish(t)
  const ndjson = { 'content-type': 'application/x-ndjson' }
  const cases: [body: string, key: string, ids: string[], headers?: Record<string, string>][] = [
    ['{"channel":"a","data":1}', 'k, "1"', ['k, "1"']],
    ['{"channels":["a","b"],"data":1}', 'k2', ['k2', 'k2']],
    ['{"channel":"a","data":1,"id":"own"}', 'k3', ['own']],
    [
      '[{"channel":"a","data":1},{"channel":"a","data":1,"id":"own2"},{"channel":"a","data":1}]',
      'k4',
      ['k4:0', 'own2', 'k4:2'],
    ],
    ['[{"channel":"a","data":1}]', 'k5', ['k5:0']],
    ['{"channel":"a","data":1}', 'k6', ['k6:0'], ndjson],
    ['{"channel":"a","data":1}', 'x'.repeat(128), ['x'.repeat(128)]],
    ['[{"channel":"a","data":1}]', 'x'.repeat(126), [`${'x'.repeat(126)}:0`]],
  ]
  for (const [body, key, ids, headers] of cases) {
    const answer = await post(service, body, { 'idempotency-key': key, ...headers })
    t.equal(answer.status, 201, key)
    t.match(answer.body, { notifications: ids.map((id) => ({ id, duplicate: false })) })
    t.equal((await post(service, body, { 'idempotency-key': key, ...headers })).status, 200, 'sent again')
  }
})

t.test('limits are where the contract has them', async (t) => {
  const service = await servePublish(t)
  const names = (count: number) => [...Array(count).keys()].map((i) => `c:${i}`)
  const cases: [what: string, body: unknown, status: number][] = [
    ['1,000 items', names(1000).map((channel) => ({ channel, data: 0 })), 201],
    ['1,000 channels', { channels: names(1000), data: 0 }, 201],
    ['10,000 notifications', Array(10).fill({ channels: names(1000), data: 0 }), 201],
    ['more of them', [...Array(10).fill({ channels: names(1000), data: 0 }), { channel: 'a', data: 0 }], 413],
    ['64 KiB of data', { channel: 'a', data: 'é'.repeat(32 * 1024 - 1) }, 201],
    ['a byte more', { channel: 'a', data: `${'é'.repeat(32 * 1024 - 1)}1` }, 413],
    ['64,000 KiB of data in all', { channels: names(1000), data: 'x'.repeat(64 * 1024 - 2) }, 201],
    [
      'more of it',
      [
        { channels: names(1000), data: 'x'.repeat(64 * 1024 - 2) },
        { channel: 'a', data: 0 },
      ],
      413,
    ],
    [
      'the longest strings',
      { channel: 'a', data: 0, id: '~'.repeat(128), type: '+'.repeat(128), ttl: RETENTION_SECONDS },
      201,
    ],
  ]
  for (const [what, body, status] of cases) {
    const before = await service.log.bounds()
    t.equal((await post(service, JSON.stringify(body))).status, status, what)
    if (status !== 201) t.strictSame(await service.log.bounds(), before, 'nothing was stored')
  }
  const spread = `{"channel":"a","data":[${' '.repeat(100_000)}1]}`
  t.equal((await post(service, spread)).status, 201, 'white space does not count')
})

t.test('when the log can not take it, the client is told to come back', async (t) => {
  const log = logWith(() => Promise.reject(new LogUnavailable('the disk of db-7 is full')))
  const service = await servePublish(t, { log })
  const answer = await post(service, '{"channel":"a","data":1}')
  t.equal(answer.status, 503)
  t.equal(answer.headers['retry-after'], '1')
  t.match(answer.body, { code: 'log-unavailable' })
  t.notMatch(JSON.stringify(answer.body), /db-7/, 'what is inside stays inside')
})
