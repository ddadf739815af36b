import t, { type Test } from 'tap'
import { request } from 'undici'
import { type PublishService, RETENTION_SECONDS, servePublish } from '../support/http.ts'

/** A request that is refused: what it sends, and the code and first pointer of the answer. */
interface Case {
  readonly what: string
  readonly body: string | Buffer
  readonly headers?: Record<string, string | string[]>
  readonly code: string
  readonly pointer?: string
}

const STATUS: Record<string, number> = {
  'bad-json': 400,
  'bad-notification': 400,
  'bad-idempotency-key': 400,
  'too-large': 413,
  'unsupported-media-type': 415,
}

const NDJSON = { 'content-type': 'application/x-ndjson' }
const GOOD = '{"channel":"a","data":1}'

/** A good item with other members. */
function item(members: Record<string, unknown>): string {
  return JSON.stringify({ channel: 'a', data: 1, ...members })
}

const notJson: Case[] = [
  ['an empty body', ''],
  ['broken JSON', '{"channel":"a","data":'],
  ['broken UTF-8', Buffer.concat([Buffer.from('{"channel":"a","data":"'), Buffer.from([0xff, 0x22, 0x7d])])],
  ['a byte order mark', `\ufeff${GOOD}`],
  ['UTF-16', Buffer.from(GOOD, 'utf16le')],
  ['deep nesting', `{"channel":"a","data":${'['.repeat(64)}${']'.repeat(64)}}`],
  ['nesting to the end of the body', '['.repeat(1_000_000)],
  ['__proto__', '{"channel":"a","data":{"__proto__":{"admin":true}}}'],
  ['__proto__ as a member of the item', '{"channel":"a","data":1,"__proto__":null}'],
  ['constructor.prototype', '{"channel":"a","data":{"constructor":{"prototype":{"admin":true}}}}'],
  ['a huge number', '{"channel":"a","data":1e400}'],
  ['a repeated member', '{"channel":"a","data":1,"channel":"b"}'],
  ['a repeated member within data', '{"channel":"a","data":[{"x":1,"\\u0078":2}]}'],
  ['a raw lone surrogate', Buffer.from('{"channel":"a","data":"\xed\xa0\x80"}', 'latin1')],
  ['an escaped lone surrogate', '{"channel":"a","data":"\\ud800"}'],
  ['an escaped lone surrogate in a name', '{"channel":"a","data":{"\\udc00":1}}'],
  ['a raw NUL', '{"channel":"a","data":"\0"}'],
  ['a raw line feed', '{"channel":"a\n","data":1}'],
  ['NDJSON sent as JSON', `${GOOD}\n${GOOD}`],
].map(([what, body]) => ({ what: String(what), body: body ?? '', code: 'bad-json' }))

const notNotifications: Case[] = [
  ['a string', '"text"', ''],
  ['null', 'null', ''],
  ['an array within an array', `[[${GOOD}]]`, '/0'],
  ['an empty object', '{}', '/data'],
  ['no data', '{"channel":"a"}', '/data'],
  ['no channel', '{"data":1}', ''],
  ['channel and channels', item({ channels: ['b'] }), ''],
  ['a channel that is a number', item({ channel: 1 }), '/channel'],
  ['a channel that is null', item({ channel: null }), '/channel'],
  ['an empty channel', item({ channel: '' }), '/channel'],
  ['an empty segment', item({ channel: 'a::b' }), '/channel'],
  ['a pattern', item({ channel: 'a:*' }), '/channel'],
  ['nine segments', item({ channel: '1:2:3:4:5:6:7:8:9' }), '/channel'],
  ['a segment of 65', item({ channel: 'x'.repeat(65) }), '/channel'],
  ['a channel with CR LF', item({ channel: 'a\r\ndata: x' }), '/channel'],
  ['a channel with a line feed at its end', item({ channel: 'a\n' }), '/channel'],
  ['a channel with NUL', item({ channel: 'a\0' }), '/channel'],
  ['a channel beyond ASCII', item({ channel: 'ä' }), '/channel'],
  ['a channel of a megabyte', item({ channel: 'a'.repeat(1_000_000) }), '/channel'],
  ['no channels', '{"channels":[],"data":1}', '/channels'],
  ['channels that is a string', '{"channels":"a","data":1}', '/channels'],
  ['channels with a number', '{"channels":["a",1],"data":1}', '/channels/1'],
  ['channels with a bad name', '{"channels":["a","b b"],"data":1}', '/channels/1'],
  ['a channel named twice', '{"channels":["a","b","a"],"data":1}', '/channels/2'],
  ['1,001 channels', `{"channels":[${'"a",'.repeat(1000)}"a"],"data":1}`, '/channels'],
  ['a type with a space', item({ type: 'a b' }), '/type'],
  ['a type with CR LF', item({ type: 'a\r\nid: 1' }), '/type'],
  ['an empty type', item({ type: '' }), '/type'],
  ['a type of 129', item({ type: 'x'.repeat(129) }), '/type'],
  ['an empty id', item({ id: '' }), '/id'],
  ['an id of 129', item({ id: 'x'.repeat(129) }), '/id'],
  ['an id with CR LF', item({ id: 'a\r\nb' }), '/id'],
  ['an id with a line feed at its end', item({ id: 'a\n' }), '/id'],
  ['an id with NUL', item({ id: '\0' }), '/id'],
  ['an id with DEL', item({ id: '\x7f' }), '/id'],
  ['an id beyond ASCII', item({ id: 'é' }), '/id'],
  ['an id that is a number', item({ id: 7 }), '/id'],
  ['an id that is null', item({ id: null }), '/id'],
  ['a ttl of 0', item({ ttl: 0 }), '/ttl'],
  ['a ttl beyond retention', item({ ttl: RETENTION_SECONDS + 1 }), '/ttl'],
  ['a ttl that is not whole', item({ ttl: 1.5 }), '/ttl'],
  ['a ttl that is text', item({ ttl: '60' }), '/ttl'],
  ['a ttl beyond a safe integer', item({ ttl: 2 ** 53 }), '/ttl'],
  ['an unknown member', item({ priority: 1 }), '/priority'],
  ['an unknown member to be escaped in a pointer', item({ 'a/b~c': 1 }), '/a~1b~0c'],
  ['constructor as a member', item({ constructor: 1 }), '/constructor'],
  ['as many unknown members as fit', `{${[...Array(90_000).keys()].map((i) => `"${i}":0`)}}`, '/data'],
  ['one bad item among good ones', `[${GOOD},${item({ id: '' })},${GOOD}]`, '/1/id'],
  ['no item', '[]', undefined],
  ['1,001 items', `[${Array(1001).fill(GOOD)}]`, undefined],
].map(([what, body, pointer]) => ({
  what: String(what),
  body: body ?? '',
  code: 'bad-notification',
  ...(pointer !== undefined && { pointer }),
}))

const badLines: Case[] = [
  { what: 'an empty body', body: '', code: 'bad-notification' },
  { what: 'blank lines only', body: '\n\r\n \t\n', code: 'bad-notification' },
  { what: '1,001 lines', body: `${GOOD}\n`.repeat(1001), code: 'bad-notification' },
  {
    what: 'a broken line behind 1,001 others',
    body: `${`${GOOD}\n`.repeat(1001)}{`,
    code: 'bad-notification',
  },
  { what: 'a broken line', body: `${GOOD}\n\n{"a":\n${GOOD}`, code: 'bad-json', pointer: '/1' },
  { what: 'a line of two objects', body: `${GOOD}${GOOD}\n`, code: 'bad-json', pointer: '/0' },
  { what: 'a bad item', body: `${GOOD}\n${item({ ttl: 0 })}`, code: 'bad-notification', pointer: '/1/ttl' },
  { what: 'an array in a line', body: `[${GOOD}]`, code: 'bad-notification', pointer: '/0' },
  { what: 'broken UTF-8', body: Buffer.from([0x22, 0xff, 0x22]), code: 'bad-json', pointer: '/0' },
  { what: 'a byte order mark', body: `\ufeff${GOOD}`, code: 'bad-json', pointer: '/0' },
].map((line) => ({ ...line, what: `NDJSON: ${line.what}`, headers: NDJSON }))

const badHeaders: Case[] = [
  ['text/plain', { 'content-type': 'text/plain' }, 'unsupported-media-type'],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'unsupported-media-type'],
  ['a media type that is none', { 'content-type': 'json' }, 'unsupported-media-type'],
  ['a longer media type', { 'content-type': 'application/jsonx' }, 'unsupported-media-type'],
  ['another charset', { 'content-type': 'application/json; charset=latin1' }, 'unsupported-media-type'],
  ['gzip', { 'content-encoding': 'gzip' }, 'unsupported-media-type'],
  ['two codings', { 'content-encoding': 'identity, br' }, 'unsupported-media-type'],
  ['an empty key', { 'idempotency-key': '' }, 'bad-idempotency-key'],
  ['a key of 129', { 'idempotency-key': 'x'.repeat(129) }, 'bad-idempotency-key'],
  ['a key beyond ASCII', { 'idempotency-key': 'é' }, 'bad-idempotency-key'],
  ['a key with a tab', { 'idempotency-key': 'a\tb' }, 'bad-idempotency-key'],
  ['two keys', { 'idempotency-key': ['a', 'b'] }, 'bad-idempotency-key'],
].map(([what, headers, code]) => ({
  what: String(what),
  body: GOOD,
  headers: headers as Record<string, string | string[]>,
  code: String(code),
}))

const others: Case[] = [
  {
    what: 'a key whose suffix makes it too long',
    body: `[${GOOD}]`,
    headers: { 'idempotency-key': 'x'.repeat(127) },
    code: 'bad-idempotency-key',
  },
  {
    what: 'an empty key for a batch',
    body: `[${GOOD}]`,
    headers: { 'idempotency-key': '' },
    code: 'bad-idempotency-key',
  },
  {
    what: 'data of a byte too much',
    body: item({ data: 'x'.repeat(65_535) }),
    code: 'too-large',
    pointer: '/data',
  },
  {
    what: 'data too large in a batch',
    body: `[${GOOD},${item({ data: 'x'.repeat(65_535) })}]`,
    code: 'too-large',
    pointer: '/1/data',
  },
  { what: 'a body too large', body: ' '.repeat(1024 * 1024) + GOOD, code: 'too-large' },
]

async function refuses(t: Test, service: PublishService, { what, body, headers, code, pointer }: Case) {
  const answer = await request(`${service.url}/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  const problem = (await answer.body.json()) as { errors?: { pointer: string }[] }
  t.equal(answer.statusCode, STATUS[code], what)
  t.equal(answer.headers['content-type'], 'application/problem+json', what)
  t.match(problem, { code, status: STATUS[code], type: `urn:tidings:error:${code}` }, what)
  if (pointer !== undefined) t.equal(problem.errors?.[0]?.pointer, pointer, what)
  t.strictSame(await service.log.bounds(), service.bounds, `${what}: nothing was stored`)
}

for (const [kind, cases] of Object.entries({
  'text that is no I-JSON': notJson,
  'JSON that is no notification': notNotifications,
  'lines that are no notifications': badLines,
  'headers that do not fit': badHeaders,
  'what is too much': others,
})) {
  t.test(`${kind} is refused with a code, nothing is stored, and the service goes on`, async (t) => {
    const service = await servePublish(t)
    for (const bad of cases) await refuses(t, service, bad)
    const answer = await request(`${service.url}/v1/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'Application/JSON; Charset="UTF-8"', 'content-encoding': 'identity' },
      body: GOOD,
    })
    await answer.body.dump()
    t.equal(answer.statusCode, 201)
  })
}

t.test('at most 20 errors are listed', async (t) => {
  const { app } = await servePublish(t)
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/notifications',
    headers: { 'content-type': 'application/json' },
    body: `[${Array(100).fill('{"channel":"","data":1,"x":1,"y":1}')}]`,
  })
  t.equal(answer.json().errors.length, 20)
})

t.test('a refused body does not cost the client its connection', async (t) => {
  const service = await servePublish(t)
  const answer = await request(`${service.url}/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{',
  })
  await answer.body.dump()
  t.equal(answer.statusCode, 400)
  t.not(answer.headers['connection'], 'close')
})
