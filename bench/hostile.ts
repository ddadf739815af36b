/**
 * What good clients notice of bad ones: 100 WebSocket clients get notifications, by themselves, then while 2,000 bad connections are
 * opened and kept open (500 each of half-open, slow-header, slow-body and never-reading ones), then by themselves again. Prints the
 * time from a publish to its delivery with and without them, the ratio, and the service's memory.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { BULK_CHANNEL } from '../test/support/attacks.ts'
import { publish } from '../test/support/clients/requests.ts'
import { openWebSocket } from '../test/support/clients/websocket.ts'
import { startService } from '../test/support/service.ts'
import { until } from '../test/support/until.ts'

const GOOD_CLIENTS = 100
const BAD_OF_EACH = 500
/** Notifications published in either part, and the time between two, in milliseconds. */
const COUNT = 600
const EVERY_MS = 20
/** What never-reading clients ask for, in notifications of 60,000 characters: more than the kernel takes for one of them. */
const BULK = 120
const ATTACKERS = fileURLToPath(new URL('./hostile/attackers.ts', import.meta.url))

const print = (line: string): boolean => process.stdout.write(`${line}\n`)
const ends: (() => unknown)[] = []
const here = { teardown: (end: () => unknown) => ends.unshift(end) }

const service = startService(here)
const target = { url: await service.url }
for (let i = 0; i < BULK; i++) await publish(target, { channel: BULK_CHANNEL, data: 'x'.repeat(60_000) })

/** What has been delivered of the numbers under way: when each was published, and how long each delivery took, in milliseconds. */
const published: number[] = []
let delays: number[] = []
for (let i = 0; i < GOOD_CLIENTS; i++) {
  const { ws, inbox } = await openWebSocket(target, { channel: 'good' })
  await inbox.expect('ready')
  ends.unshift(() => ws.terminate())
  ws.on('message', (data: Buffer) => {
    const { type, notification } = JSON.parse(data.toString())
    if (type === 'notification') delays.push(performance.now() - (published[notification.data] ?? 0))
  })
}

/** Publishes COUNT numbers, waits until everyone has them, and returns how long the deliveries took. */
async function measure(): Promise<number[]> {
  delays = []
  for (let i = 0; i < COUNT; i++) {
    const wait = pause(EVERY_MS)
    const n = published.push(performance.now()) - 1
    const { body } = await request(`${target.url}/v1/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'good', data: n }),
    })
    await body.dump()
    await wait
  }
  await until('everyone has everything', () => delays.length === COUNT * GOOD_CLIENTS)
  return delays
}

/** Resident memory of the service, in MiB (proc(5)). */
function memory(): number {
  const status = readFileSync(`/proc/${service.process.pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
}

/** Prints how long deliveries took; returns the 99th percentile. */
function report(what: string, delays: readonly number[]): number {
  const sorted = delays.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? Number.NaN
  const [p50, p99, most] = [at(0.5), at(0.99), sorted.at(-1) ?? Number.NaN]
  print(
    `${what}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${most.toFixed(1)} ms, ${memory()} MiB`,
  )
  return p99
}

await measure()
const quietBefore = await measure()
const attackers = fork(ATTACKERS, [new URL(target.url).port, String(BAD_OF_EACH)], {
  execArgv: ['--import=tsx'],
})
ends.unshift(() => attackers.kill())
const opened = once(attackers, 'message')
const attacked = await measure()
await opened
attacked.push(...(await measure()))
attackers.send('how many?')
const [ended] = await once(attackers, 'message')
const attack = report(
  `with ${4 * BAD_OF_EACH} bad connections, of which ${ended} were ended meanwhile`,
  attacked,
)
attackers.disconnect()
await once(attackers, 'exit')
const quiet = report('without, before and after', [...quietBefore, ...(await measure())])
print(`p99 with them is ${(attack / quiet).toFixed(2)} times that without`)
for (const end of ends) await end()
