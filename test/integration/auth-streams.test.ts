import { promisify } from 'node:util'
import { pino } from 'pino'
import t from 'tap'
import type { TransportKind } from '../../src/protocol/messages.ts'
import { startApp } from '../support/app.ts'
import { attempt, PLACES, STREAMS } from '../support/attempts.ts'
import { startClient, upTo } from '../support/client.ts'
import { publish } from '../support/clients/requests.ts'
import { PatientAuthenticator, principal } from '../support/principals.ts'
import { getBytes, openRaw } from '../support/raw-http.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const TRANSPORTS: readonly TransportKind[] = ['websocket', 'sse', 'long-poll']
const SETTINGS = { auth: 'jwt', jwtSecret: JWT_SECRET } as const

for (const transport of TRANSPORTS) {
  t.test(`over ${transport} the SDK outlives its tokens, and misses nothing`, async (t) => {
    const service = await startApp(t, { settings: SETTINGS })
    const authorization = `Bearer ${await mintToken({ tidings: { publish: ['numbers'] } })}`
    let fetched = 0
    const client = startClient(t, service.url, {
      transports: [transport],
      token: () => {
        fetched++
        return mintToken({ exp: Math.ceil(Date.now() / 1000) + 1, tidings: { subscribe: ['numbers'] } })
      },
    })
    await client.live(transport)
    let n = 0
    await until('three tokens have run out', async () => {
      await publish(service, { channel: 'numbers', data: { n: n++ } }, { authorization })
      return fetched > 3
    })
    await client.had(n - 1)
    t.same(client.numbers, upTo(n - 1))
  })
}

for (const transport of TRANSPORTS) {
  t.test(`over ${transport} who goes while it is looked up who that is takes no place`, async (t) => {
    const authenticator = new PatientAuthenticator()
    const faults: string[] = []
    const logger = pino({ level: 'error' }, { write: (line) => faults.push(line) })
    const settings = { ...SETTINGS, maxConnections: 1 }
    const service = await startApp(t, { settings, authenticator, logger })
    const { server } = service.app.server
    const connections = promisify(server.getConnections.bind(server))
    const { path, headers } = PLACES.query(STREAMS[transport]('a'), 'slow')
    const { socket } = await openRaw(t, service.port)
    socket.write(getBytes(path, headers))
    await until('it is looked up', () => authenticator.waiting === 1)
    // Nobody reads from a socket that waits to become a WebSocket: that it ends would not be noticed.
    socket.resetAndDestroy()
    await until('it has gone', async () => (await connections()) === 0)
    authenticator.answer('slow', principal('42', 'a'))
    await until('it is known', () => authenticator.waiting === 0)
    await until('its place is free', async () => {
      const { status } = await attempt(service, PLACES.query(STREAMS[transport]('a'), 'slow'))
      return status < 400
    })
    t.strictSame(faults, [], 'and that is no fault')
  })
}
