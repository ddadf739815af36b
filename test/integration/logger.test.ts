import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import t from 'tap'
import { request } from 'undici'
import { WebSocket } from 'ws'
import { startApp } from '../support/app.ts'
import { type Ask, attempt, COOKIE, PLACES, placesFor, STREAMS } from '../support/attempts.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { sendRaw } from '../support/http.ts'
import { UPGRADE } from '../support/raw-http.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'

const SECRET = 'it-must-not-be-written-down'

/** A logger at its most talkative, and what it has written. */
function listening() {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { logger: pino({ level: 'trace' }, stream), lines }
}

t.test('neither bodies nor tokens are written to the logger, whatever the request', async (t) => {
  const { logger, lines } = listening()
  const { url } = await startApp(t, { logger })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` }
  for (const body of [
    { channel: 'a', data: SECRET },
    { channel: SECRET, data: 1, id: 7 },
    { [SECRET]: SECRET },
  ]) {
    const answer = await request(`${url}/v1/notifications`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    await answer.body.dump()
  }
  await (
    await request(`${url}/v1/notifications`, { method: 'POST', headers, body: `{${SECRET}` })
  ).body.dump()
  for (const path of ['/v1/stream', '/livez', '/nowhere', '/v1/notifications']) {
    for (const query of [`token=${SECRET}&channel=a&wait=0`, `token=${SECRET}&channel=a&cursor=${SECRET}`]) {
      await (await request(`${url}${path}?${query}`, { headers })).body.dump()
      await upgrade(`${url.replace('http', 'ws')}${path}?${query}`)
    }
  }
  t.ok(lines.length > 0, 'it does write')
  t.strictSame(
    lines.filter((line) => line.includes(SECRET)),
    [],
  )
})

/** Requests of all kinds: for what is there, what is not, and what is refused for other reasons than the token. */
const ASKS: readonly Ask[] = [
  ...Object.values(STREAMS).flatMap((stream) => [stream('a'), stream('denied'), stream('b::c')]),
  { method: 'GET', path: '/v1/stats', headers: {} },
  { method: 'GET', path: '/v1/stats', headers: { accept: 'text/event-stream' } },
  { method: 'GET', path: '/v1/notifications', headers: {} },
  { method: 'GET', path: '/livez', headers: {} },
  { method: 'GET', path: '/livez', headers: UPGRADE },
  { method: 'GET', path: '/nowhere', headers: {} },
  { method: 'GET', path: '/%zz', headers: {} },
  { method: 'GET', path: '/livez', headers: { expect: 'wonders' } },
  ...['{"channel":"a","data":1}', '{"channel":"denied","data":1}', '{'].map(
    (body): Ask => ({
      method: 'POST',
      path: '/v1/notifications',
      headers: { 'content-type': 'application/json' },
      body,
    }),
  ),
]

/** Requests that Node's parser gives up, with something in the query and a header. */
const MALFORMED = [
  (token: string) =>
    `GET /v1/stream?token=${token} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\0\r\n\r\n`,
  (token: string) => `GET /v1/stream?token=${token} HTTP/9.9\r\nauthorization: Bearer ${token}\r\n\r\n`,
  (token: string) => `GET /v1/stream?token=${token} HTTP/1.1\r\nauthorization: Bearer ${token}\r\n\r\n`,
  (token: string) =>
    `BREW /v1/stream?token=${token} HTTP/1.1\r\nhost: localhost\r\ncookie: ${COOKIE}=${token}\r\n\r\n`,
  (token: string) =>
    `CONNECT x?token=${token} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n\r\n`,
  (token: string) => `GET /?token=${token} HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`,
  (token: string) =>
    `POST /v1/notifications?token=${token} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${token}\r\n\r\n`,
]

t.test('a credential is repeated to nobody, wherever it comes and whatever becomes of it', async (t) => {
  const { logger, lines } = listening()
  const apiKey = `tdk_${SECRET}`
  const service = await startApp(t, {
    logger,
    settings: {
      auth: 'jwt',
      jwtSecret: JWT_SECRET,
      tokenCookie: COOKIE,
      apiKeys: [
        {
          name: 'shop',
          sha256: createHash('sha256').update(apiKey).digest('hex'),
          subscribe: ['a'],
          publish: ['a'],
          admin: true,
        },
      ],
    },
  })
  const good = await mintToken({ tidings: { subscribe: ['a'], publish: ['a'] } })
  const bad = await mintToken({}, { secret: 'x'.repeat(32) })
  const secrets = [good, bad, apiKey, `${SECRET}.${SECRET}.${SECRET}`, SECRET]
  const answers: string[] = []
  for (const secret of secrets) {
    for (const ask of ASKS) {
      for (const place of placesFor(ask)) {
        const { headers, problem } = await attempt(service, PLACES[place](ask, secret))
        answers.push(JSON.stringify([headers, problem]))
      }
    }
    for (const malformed of MALFORMED) {
      const { head, body } = await sendRaw(service.port, malformed(secret), true)
      answers.push(head + body)
    }
  }
  const { inbox, say, ws } = await openWebSocket(service, { channel: 'a', token: good })
  await inbox.expect('ready')
  for (const secret of secrets) {
    say({ type: 'token', token: secret, more: secret })
    answers.push(JSON.stringify(await inbox.expect('error')))
    say({ type: 'token', token: secret })
    if (secret !== good) answers.push(JSON.stringify(await inbox.expect('error')))
  }
  ws.terminate()
  t.ok(lines.length > 100, 'it does write')
  t.ok(answers.length > 300, 'there are answers')
  for (const secret of secrets) {
    // The parts of a token are as secret as the whole; its header is the same in all of them.
    for (const part of secret.split('.').slice(secret === SECRET ? 0 : -1)) {
      t.notOk(
        lines.some((line) => line.includes(part)),
        'not in the output',
      )
      t.notOk(
        answers.some((answer) => answer.includes(part)),
        'not in an answer',
      )
    }
  }
})

t.test('what clients do wrong is written at level debug, not for the operator', async (t) => {
  const { logger, lines } = listening()
  const { url } = await startApp(t, { logger })
  const answer = await request(`${url}/v1/stream?channel=`)
  await answer.body.dump()
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`)
  await new Promise((resolve) => {
    // A text frame that is not UTF-8.
    socket.on('open', () => socket.send(Buffer.from([0xff]), { binary: false }))
    socket.on('close', resolve)
  })
  const levels = lines.map((line): { level: number; msg: string } => JSON.parse(line))
  t.ok(levels.some(({ msg }) => msg === 'WebSocket ended by an error'))
  t.strictSame(
    levels.filter(({ level }) => level >= 40),
    [],
  )
})

t.test('only the stream takes an upgrade', async (t) => {
  const { url } = await startApp(t)
  t.equal(await upgrade(`${url.replace('http', 'ws')}/livez`), 400)
  t.equal(await upgrade(`${url.replace('http', 'ws')}/nowhere`), 404)
  t.equal(await upgrade(`${url.replace('http', 'ws')}/v1/stream`), 101)
})

/** Tries to open a WebSocket; gives the status of the answer. */
async function upgrade(url: string): Promise<number | undefined> {
  const socket = new WebSocket(url)
  return new Promise((resolve, reject) => {
    socket.on('upgrade', () => {
      socket.on('close', () => resolve(101))
      socket.on('open', () => socket.close())
    })
    socket.on('unexpected-response', (_request, response) => {
      response.resume()
      resolve(response.statusCode)
    })
    socket.on('error', reject)
  })
}
