import type { Socket } from 'node:net'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { ATTACKS, type AttackName, attack, BULK_CHANNEL } from '../support/attacks.ts'
import { startClient, upTo } from '../support/client.ts'
import { publish } from '../support/clients/requests.ts'
import { until } from '../support/until.ts'

const OF_EACH = 25
/** What may wait in this process for all never-reading clients together, in bytes: far less than they have asked for. */
const MAX_UNTAKEN_BYTES = OF_EACH * 1024 ** 2

t.test('bad connections are ended in bounded time, and good clients lose nothing meanwhile', async (t) => {
  const service = await startApp(t, { settings: { requestTimeoutSeconds: 1, stallSeconds: 1 } })
  for (let i = 0; i < 200; i++) {
    await service.log.append([
      { channel: BULK_CHANNEL, id: `${i}`, data: JSON.stringify('x'.repeat(60_000)) },
    ])
  }
  const clients = (['websocket', 'sse', 'long-poll'] as const).map((transport) =>
    startClient(t, service.url, { transports: [transport] }),
  )
  for (const client of clients) await client.live()

  const { server } = service.app.server
  const accepted: Socket[] = []
  server.on('connection', (socket: Socket) => accepted.push(socket))
  const attackers = (Object.keys(ATTACKS) as AttackName[]).flatMap((name) =>
    Array.from({ length: OF_EACH }, () => attack(name, service.port)),
  )
  t.teardown(() => {
    for (const { stop } of attackers) stop()
  })
  let near: Socket[] = []
  await until('all of them are there', () => {
    const ports = new Set(attackers.map(({ port }) => port))
    near = accepted.filter(({ remotePort }) => ports.has(remotePort))
    return near.length === attackers.length
  })

  let untaken = 0
  let n = 0
  await until(
    'all of them are ended',
    async () => {
      for (const { goOn } of attackers) goOn()
      const { status } = await publish(service, { channel: 'numbers', data: { n: n++ } })
      if (status !== 201) throw new Error(`publish ${n}: ${status}`)
      untaken = Math.max(
        untaken,
        near.reduce((sum, { writableLength }) => sum + writableLength, 0),
      )
      return near.every(({ destroyed }) => destroyed)
    },
    20,
  )
  for (const client of clients) {
    await client.had(n - 1)
    t.same(client.numbers, upTo(n - 1))
    t.equal(client.history.filter((status) => status.startsWith('live')).length, 1, 'on one connection')
  }
  t.ok(untaken > 0, 'some were stuck')
  t.ok(untaken < MAX_UNTAKEN_BYTES, `${untaken} bytes`)
})
