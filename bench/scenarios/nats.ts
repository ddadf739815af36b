/**
 * What the NATS log costs:
 *
 * - durable publishes a second with 1,000 in flight, beside a bare client with a hand-written ack inbox, in turns: by the log
 *   itself, and over HTTP through an instance
 * - the CPU of an instance for each notification that passes it and that none of its subscribers wants
 * - the time from a publish at one instance to its delivery at another
 */
import { readFileSync } from 'node:fs'
import { connect, createInbox, headers } from '@nats-io/transport-node'
import { EventSource } from 'eventsource'
import { request } from 'undici'
import { openLog, startNats } from '../../test/support/nats.ts'
import { startService } from '../../test/support/service.ts'
import { until } from '../../test/support/until.ts'

const IN_FLIGHT = 1000
const COUNT = 40_000
const ROUNDS = 3
const BATCH = 100
const DELAYS = 1000
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

/** CPU that a process has used, user and system, in microseconds. */
function cpuOf(pid: number): number {
  // After the name, which may have spaces in it, in parentheses: the 14th and 15th, in hundredths of a second (proc(5)).
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
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
    `durable publishes: bare client ${client.rate}/s at ${client.cpu.toFixed(1)} µs, log ${driver.rate}/s at ${driver.cpu.toFixed(1)} µs ` +
      `(${Math.round((driver.rate / client.rate) * 100)} %)`,
  )
}

/** Starts an instance on the log; resolves when it is ready. */
async function startInstance(): Promise<{ url: string; pid: number }> {
  const settings = { TIDINGS_LOG: 'nats', TIDINGS_NATS_URL: server.url, TIDINGS_NATS_STREAM: 'log' }
  const service = startService(here, settings)
  const url = await service.url
  await until('the instance is ready', async () => (await fetch(`${url}/readyz`)).ok)
  return { url, pid: Number(service.process.pid) }
}

const { url: publisher } = await startInstance()

/** As many publishes as `measure`, in requests of 100 to one instance, 10 requests and so 1,000 publishes in flight. */
async function publishOverHttp(round: number): Promise<number> {
  const began = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: IN_FLIGHT / BATCH }, async () => {
      while (next < COUNT) {
        const items = Array.from({ length: BATCH }, (_, i) => {
          const n = next + i
          return `{"channel":"user:${n % 1000}","id":"http-${round}-${n}","data":${DATA}}`
        })
        next += BATCH
        const answer = await request(`${publisher}/v1/notifications`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: `[${items.join()}]`,
        })
        await answer.body.dump()
        if (answer.statusCode !== 201) throw new Error(`status ${answer.statusCode}`)
      }
    }),
  )
  return Math.round(COUNT / ((performance.now() - began) / 1000))
}

for (let round = 1; round <= ROUNDS; round++) {
  const { rate } = await measure((i) => bare(`user.${i % 1000}`, `beside-http-${round}-${i}`))
  const http = await publishOverHttp(round)
  print(
    `durable publishes through an instance: bare client ${rate}/s, over HTTP ${http}/s (${Math.round((http / rate) * 100)} %)`,
  )
}

const { url: other, pid } = await startInstance()
const arrivals = new Map<string, () => void>()
const stream = new EventSource(`${other}/v1/stream?channel=heard`)
ends.unshift(() => stream.close())
stream.onmessage = ({ data }) => arrivals.get(JSON.parse(data).id)?.()
await new Promise((resolve) => stream.addEventListener('ready', resolve))

/** Publishes at the one instance; resolves when the other has delivered it, with the milliseconds from the one to the other. */
async function delay(id: string): Promise<number> {
  const arrived = new Promise<number>((resolve) => arrivals.set(id, () => resolve(performance.now())))
  const began = performance.now()
  await fetch(`${publisher}/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"channel":"heard","id":"${id}","data":${DATA}}`,
  })
  return (await arrived) - began
}

for (let round = 1; round <= ROUNDS; round++) {
  const before = cpuOf(pid)
  await measure((i) => log.append([{ channel: `user:${i % 1000}`, id: `unheard-${round}-${i}`, data: DATA }]))
  // What comes last has been behind all the others.
  await delay(`last-${round}`)
  print(
    `an instance without subscribers to them: ${((cpuOf(pid) - before) / COUNT).toFixed(1)} µs of its CPU a notification`,
  )
}

const delays: number[] = []
for (let i = 0; i < DELAYS; i++) delays.push(await delay(`delay-${i}`))
delays.sort((a, b) => a - b)
const percentile = (part: number) => delays[Math.floor(delays.length * part)]?.toFixed(1)
print(
  `from a publish to its delivery at another instance: p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms`,
)

for (const end of ends) await end()
