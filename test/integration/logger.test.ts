import { Writable } from 'node:stream'
import { pino } from 'pino'
import t from 'tap'
import { request } from 'undici'
import { WebSocket } from 'ws'
import { startApp } from '../support/app.ts'

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
