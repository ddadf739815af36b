import t from 'tap'
import type { TransportKind } from '../../src/protocol/messages.ts'
import { startApp } from '../support/app.ts'
import { Publisher, startClient, upTo } from '../support/client.ts'
import { openGate } from '../support/gate.ts'
import { ADMIN, inSeconds, revoke, REVOCATION_SETTINGS as settings, tokenOf } from '../support/revocations.ts'
import { mintToken } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const TRANSPORTS: readonly TransportKind[] = ['websocket', 'sse', 'long-poll']

/** Quicker than life, so that the tests are. */
const timings = { probe: 200, backoff: 50, margin: 500, ready: 1_000 }

/** A token for two seconds more: the SDK has another after 1.6, or 5 where it has asked only just now. */
const shortToken = (life = 2): Promise<string> =>
  mintToken({ exp: Math.floor(Date.now() / 1000) + life, tidings: { subscribe: ['**'] } })

for (const transport of TRANSPORTS) {
  t.test(`over ${transport} a token is replaced before it runs out, and nothing is missed`, async (t) => {
    const { url, port } = await startApp(t, { settings })
    const gate = await openGate(t, port)
    let asked = 0
    const client = startClient(t, gate.url, {
      transports: [transport],
      timings,
      token: () => {
        asked++
        return shortToken(8)
      },
    })
    await client.live(transport)
    const publisher = new Publisher(() => url, ADMIN)
    publisher.start(20)
    await until('asked for two more', () => asked === 3, 20)
    const last = await publisher.stop()
    await client.had(last)
    t.same(client.numbers, upTo(last))
    if (transport === 'websocket') t.same(gate.seen, ['websocket'], 'in place')
    t.notOk(client.history.includes('closed'))
  })

  t.test(`over ${transport} a token that is revoked is replaced, once`, async (t) => {
    const { url } = await startApp(t, { settings })
    let [asked, jti] = [0, 'first']
    const client = startClient(t, url, {
      // That the handshake of a WebSocket was answered with 401, no client is told.
      transports: [...new Set([transport, 'long-poll' as const])],
      timings,
      token: () => {
        asked++
        return tokenOf('ann', jti)
      },
    })
    await client.live(transport)
    jti = 'second'
    await revoke({ url }, { jti: 'first', until: inSeconds(60) })
    await until('asked again', () => asked === 2)
    await client.live(transport)
    const publisher = new Publisher(() => url, ADMIN)
    await publisher.publish()
    await client.had(0)
    t.same(client.numbers, [0])

    await revoke({ url }, { sub: 'ann', until: inSeconds(60) })
    await until('closed', () => client.stream.status.state === 'closed')
    t.equal(client.stream.status.reason, 'unauthorized')
    t.equal(asked, 3, 'the one after it was no better')
  })
}

t.test('a fixed token that runs out ends the stream, and nobody goes on anonymous', async (t) => {
  const { port } = await startApp(t, { settings })
  const gate = await openGate(t, port)
  const client = startClient(t, gate.url, { timings, token: await shortToken() })
  const codes: string[] = []
  client.stream.on('error', ({ code }) => codes.push(code))
  await client.live('websocket')
  await until('closed', () => client.stream.status.state === 'closed')
  t.equal(client.stream.status.reason, 'unauthorized')
  t.equal(codes.at(-1), 'unauthorized')
})

t.test('what no grant covers is refused with its code', async (t) => {
  const { url } = await startApp(t, { settings })
  const token = await mintToken({ tidings: { subscribe: ['news'] } })
  const client = startClient(t, url, { timings, token })
  const codes: string[] = []
  client.stream.on('error', ({ code }) => codes.push(code))
  await until('closed', () => client.stream.status.state === 'closed')
  t.same(codes, ['forbidden'])
})
