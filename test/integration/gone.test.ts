import { once } from 'node:events'
import { connect } from 'node:net'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import t from 'tap'
import { type RunningApp, startApp } from '../support/app.ts'
import { PatientAuthenticator, principal } from '../support/principals.ts'
import { getBytes, openRaw, UPGRADE } from '../support/raw-http.ts'
import { until } from '../support/until.ts'

const STREAM = '/v1/stream?channel=a'

const REQUESTS = {
  websocket: getBytes(STREAM, UPGRADE),
  sse: getBytes(STREAM, { accept: 'text/event-stream' }),
  'long-poll': getBytes(`${STREAM}&cursor=earliest`),
}

for (const [what, request] of Object.entries(REQUESTS)) {
  t.test(`Clients that reset their connection at once leave nothing behind (${what})`, async (t) => {
    const faults: string[] = []
    const output = new Writable({
      write(line, _encoding, done) {
        faults.push(String(line))
        done()
      },
    })
    const service = await startApp(t, {
      logger: pino({ level: 'warn' }, output),
      settings: { maxConnections: 5, addressConnectsPerSecond: 10_000 },
    })
    for (let n = 0; n < 150; n++) await resetAtOnce(service, request)
    await until('all are gone', async () => (await connections(service)) === 0)
    t.strictSame(faults, [])
    // A place that had not been given back would be missing here.
    const raw = await openRaw(t, service.port)
    raw.socket.write(request)
    t.match(await raw.readThrough('\r\n'), /^HTTP\/1.1 (101|200) /)
  })
}

t.test(
  'Whoever goes while it is looked up whether it may watch the figures leaves nothing behind',
  async (t) => {
    const authenticator = new PatientAuthenticator()
    const service = await startApp(t, { settings: { auth: 'jwt', jwtSecret: 's'.repeat(32) }, authenticator })
    const request = getBytes('/v1/stats?token=slow', { accept: 'text/event-stream' })
    // As many may watch as are let in here.
    for (let n = 1; n <= 100; n++) {
      const { socket } = await openRaw(t, service.port)
      socket.write(request)
      await until('it is looked up', () => authenticator.waiting === n)
      socket.resetAndDestroy()
    }
    await until('all are gone', async () => (await connections(service)) === 0)
    const { grants, ...admin } = principal('42')
    authenticator.answer('slow', { ...admin, grants: { ...grants, admin: true } })
    await until('it is known', () => authenticator.waiting === 0)
    const raw = await openRaw(t, service.port)
    raw.socket.write(request)
    t.match(await raw.readThrough('\r\n'), /^HTTP\/1.1 200 /)
  },
)

t.test('A connection on which an upgrade was ignored ends with the answer', async (t) => {
  const service = await startApp(t)
  const raw = await openRaw(t, service.port)
  raw.socket.write(getBytes('/livez', { connection: 'Upgrade', upgrade: 'h2c' }))
  const answer = (await raw.rest()).toString()
  t.match(answer, /^HTTP\/1.1 200 /)
  t.match(answer, /^connection: close\r$/im)
})

t.test(
  'A body behind thousands of header fields is a body, with an upgrade that is ignored, too',
  async (t) => {
    const service = await startApp(t)
    const body = getBytes('/v1/smuggled')
    for (const upgrade of ['', 'Connection: Upgrade\r\nUpgrade: h2c\r\n']) {
      const raw = await openRaw(t, service.port)
      const fields = `${'a:b\r\n'.repeat(2_100)}Content-Length: ${body.length}`
      raw.socket.write(`GET /livez HTTP/1.1\r\nHost: a\r\n${upgrade}${fields}\r\n\r\n${body}`)
      await raw.readThrough('\r\n\r\n')
      raw.socket.end()
      t.notMatch((await raw.rest()).toString(), 'smuggled')
    }
  },
)

async function resetAtOnce({ port }: RunningApp, request: string): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(request)
  socket.resetAndDestroy()
  await once(socket, 'close')
}

function connections({ app }: RunningApp): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}
