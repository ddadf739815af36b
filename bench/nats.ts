/**
 * What the NATS log costs: `npx tsx bench/nats.ts`.
 *
 * - durable publishes a second with 1,000 in flight, beside a bare client with a hand-written ack inbox, in turns
 * - CPU of an instance for each notification that it tails and has no subscriber for
 */
import { connect, createInbox, headers } from '@nats-io/transport-node'
import { noReset, openLog, startNats } from '../test/support/nats.ts'
import { until } from '../test/support/until.ts'

const IN_FLIGHT = 1000
const COUNT = 40_000
const ROUNDS = 3
const DATA = JSON.stringify({ text: 'x'.repeat(100) })

const ends: (() => unknown)[] = []
const here = { teardown: (end: () => unknown) => ends.unshift(end) }

const print = (line: string): boolean => process.stdout.write(`${line}\n`)

/** Runs `publish` COUNT times, IN_FLIGHT at once; returns publishes a second and microseconds of CPU for each. */
async function measure(publish: (i: number) => Promise<unknown>): Promise<{ rate: number; cpu: number }> {
  let next = 0
  const cpu = process.cpuUsage()
  const began = performance.now()
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < COUNT) await publish(next++)
    }),
  )
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { rate: Math.round(COUNT / seconds), cpu: (user + system) / COUNT }
}

const server = await startNats(here)
const log = openLog(here, { servers: [server.url], name: 'log' })
await log.ready
const bareLog = openLog(here, { servers: [server.url], name: 'bare' })
await bareLog.ready

const nc = await connect({ servers: server.url })
ends.unshift(() => nc.close())
const inbox = createInbox()
const waiting = new Map<string, () => void>()
nc.subscribe(`${inbox}.*`, {
  callback: (_, msg) => {
    const token = msg.subject.slice(inbox.length + 1)
    if (msg.json<{ seq: number }>().seq > 0) waiting.get(token)?.()
    waiting.delete(token)
  },
})
const bare = (channel: string, id: string): Promise<void> =>
  new Promise((resolve) => {
    const fields = headers()
    fields.append('Nats-Msg-Id', `${channel} ${id}`)
    waiting.set(id, resolve)
    nc.publish(`bare.log.${channel}`, DATA, { headers: fields, reply: `${inbox}.${id}` })
  })

for (let round = 1; round <= ROUNDS; round++) {
  const client = await measure((i) => bare(`user.${i % 1000}`, `${round}-${i}`))
  const driver = await measure((i) =>
    log.append([{ channel: `user:${i % 1000}`, id: `${round}-${i}`, data: DATA }]),
  )
  print(
    `publish: bare client ${client.rate}/s at ${client.cpu.toFixed(1)} µs, log ${driver.rate}/s at ${driver.cpu.toFixed(1)} µs ` +
      `(${Math.round((driver.rate / client.rate) * 100)} %)`,
  )
}

for (let round = 1; round <= ROUNDS; round++) {
  let seen = 0
  const cpu = process.cpuUsage()
  const stop = log.tail(
    0,
    (batch) => {
      seen += batch.length
    },
    noReset,
  )
  await until('all has come', () => seen === ROUNDS * COUNT, 60)
  const { user, system } = process.cpuUsage(cpu)
  stop()
  print(`tail: ${((user + system) / seen).toFixed(1)} µs of CPU a notification`)
}

for (const end of ends) await end()
