/** The NATS log: durable publishes beside a bare client, what passes an instance unheard, the way to another instance. */
import { connect, createInbox, headers } from '@nats-io/transport-node'
import { EventSource } from 'eventsource'
import { request } from 'undici'
import { openLog, startNats, type Teardown } from '../../test/support/nats.ts'
import { until } from '../../test/support/until.ts'
import type { Server } from '../harness/child.ts'
import { withEnds } from '../harness/ends.ts'
import { type Figures, inRounds, ratio } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { cpuOf } from '../harness/usage.ts'
import { startTidings } from '../peers/load/tidings.ts'

const IN_FLIGHT = 1000
const COUNT = 40_000
const BATCH = 100
const DELAYS = 300
const DATA = JSON.stringify({ text: 'x'.repeat(100) })

const [BARE, LOG, INSTANCE] = ['bare client', 'log', 'instance']
const [DIRECT, HTTP, UNHEARD, ACROSS] = [
  'durable publishes',
  'durable publishes over HTTP',
  'notifications that nobody hears',
  'to another instance',
]

/** Publishes the notification with this number, and perhaps some after it. */
type Publish = (i: number) => Promise<unknown>

/** Publishes COUNT notifications with so many requests at once: notifications a second, CPU of this process for each. */
async function measure(publish: Publish, { atOnce = IN_FLIGHT, step = 1 } = {}): Promise<Figures> {
  let next = 0
  const cpu = process.cpuUsage()
  const began = performance.now()
  const work = async () => {
    while (next < COUNT) {
      const i = next
      next += step
      await publish(i)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { 'a second': COUNT / seconds, "client's CPU µs": (user + system) / COUNT }
}

/** A client with a hand-written inbox for the acknowledgements: about the most that this server gives Node. */
async function bareClient(ends: Teardown, url: string): Promise<(i: number, run: string) => Promise<void>> {
  const nc = await connect({ servers: url })
  ends.teardown(() => nc.close())
  const inbox = createInbox()
  const waiting = new Map<string, () => void>()
  nc.subscribe(`${inbox}.*`, {
    callback: (_, msg) => {
      const token = msg.subject.slice(inbox.length + 1)
      if (msg.json<{ seq: number }>().seq > 0) waiting.get(token)?.()
      waiting.delete(token)
    },
  })
  return (i, run) =>
    new Promise((resolve) => {
      const id = `${run}-${i}`
      const channel = `user.${i % 1000}`
      const fields = headers()
      fields.append('Nats-Msg-Id', `${channel} ${id}`)
      waiting.set(id, resolve)
      nc.publish(`bare.log.${channel}`, DATA, { headers: fields, reply: `${inbox}.${id}` })
    })
}

/** @throws when it is not stored */
async function post(port: number, body: string): Promise<void> {
  const answer = await request(`http://127.0.0.1:${port}/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  await answer.body.dump()
  if (answer.statusCode !== 201) throw new Error(`status ${answer.statusCode}`)
}

/** Listens at one instance; what it returns publishes at another, and resolves to the milliseconds from the one to the other. */
async function delays(ends: Teardown, from: Server, to: Server): Promise<(id: string) => Promise<number>> {
  const arrivals = new Map<string, () => void>()
  const stream = new EventSource(`http://127.0.0.1:${to.port}/v1/stream?channel=heard`)
  ends.teardown(() => stream.close())
  stream.onmessage = ({ data }) => arrivals.get(JSON.parse(data).id)?.()
  await new Promise((resolve) => stream.addEventListener('ready', resolve))
  return async (id) => {
    const arrived = new Promise<number>((resolve) => arrivals.set(id, () => resolve(performance.now())))
    const began = performance.now()
    await post(from.port, `{"channel":"heard","id":"${id}","data":${DATA}}`)
    return (await arrived) - began
  }
}

async function startInstance(ends: Teardown, url: string): Promise<Server> {
  const settings = { TIDINGS_LOG: 'nats', TIDINGS_NATS_URL: url, TIDINGS_NATS_STREAM: 'log' }
  const server = await startTidings(ends, settings)
  await until('the instance is ready', async () => (await fetch(`http://127.0.0.1:${server.port}/readyz`)).ok)
  return server
}

export const scenario: Scenario = {
  name: 'nats',
  about: `The NATS log: durable publishes with ${IN_FLIGHT} in flight, CPU of an instance for what its subscribers don't want, the way from one instance to another.`,
  async run(report) {
    let round = 0
    const median = await inRounds(report, (take) =>
      withEnds(async (ends) => {
        const run = `${++round}`
        const { url } = await startNats(ends)
        const log = openLog(ends, { servers: [url], name: 'log' })
        const bareLog = openLog(ends, { servers: [url], name: 'bare' })
        await Promise.all([log.ready, bareLog.ready])
        const bare = await bareClient(ends, url)
        const append = (i: number) =>
          log.append([{ channel: `user:${i % 1000}`, id: `${run}-${i}`, data: DATA }])
        take(DIRECT, BARE, await measure((i) => bare(i, 'direct')))
        take(DIRECT, LOG, await measure(append))

        const instance = await startInstance(ends, url)
        const items = (first: number) =>
          Array.from(
            { length: BATCH },
            (_, i) => `{"channel":"user:${i}","id":"http-${first + i}","data":${DATA}}`,
          )
        take(HTTP, BARE, await measure((i) => bare(i, 'beside')))
        const pace = { atOnce: IN_FLIGHT / BATCH, step: BATCH }
        take(HTTP, INSTANCE, await measure((i) => post(instance.port, `[${items(i).join()}]`), pace))

        const other = await startInstance(ends, url)
        const delay = await delays(ends, instance, other)
        const before = cpuOf(other.pid)
        await measure((i) => log.append([{ channel: `user:${i % 1000}`, id: `unheard-${i}`, data: DATA }]))
        // What comes last has been behind all the others.
        await delay('last')
        take(UNHEARD, INSTANCE, { 'CPU µs': (cpuOf(other.pid) - before) / COUNT })

        const times: number[] = []
        for (let i = 0; i < DELAYS; i++) times.push(await delay(`delay-${i}`))
        times.sort((a, b) => a - b)
        const percentile = (part: number) => times[Math.floor(times.length * part)] ?? 0
        take(ACROSS, INSTANCE, { 'p50 ms': percentile(0.5), 'p99 ms': percentile(0.99) })
      }),
    )
    const rate = (what: string, server: string) => median(what, server, 'a second')
    report.ratios([
      { what: `${DIRECT}: log ÷ bare client`, measured: ratio(rate(DIRECT, LOG), rate(DIRECT, BARE)) },
      { what: `${HTTP}: instance ÷ bare client`, measured: ratio(rate(HTTP, INSTANCE), rate(HTTP, BARE)) },
    ])
  },
}
