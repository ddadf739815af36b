/** What good clients notice of bad ones: 2,000 connections that ask slowly, or nothing, or don't take what they asked for. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ATTACKS, BULK_CHANNEL } from '../../test/support/attacks.ts'
import { publish } from '../../test/support/clients/requests.ts'
import type { Teardown } from '../../test/support/nats.ts'
import { until } from '../../test/support/until.ts'
import { endWith } from '../harness/child.ts'
import { Crowd } from '../harness/crowd.ts'
import { withEnds } from '../harness/ends.ts'
import { inRounds, ratio } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { startTidings } from '../peers/load/tidings.ts'

const ATTACKERS = fileURLToPath(new URL('../harness/attackers.ts', import.meta.url))
const GOOD = 100
const BAD_OF_EACH = 500
const BAD = BAD_OF_EACH * Object.keys(ATTACKS).length
/** Notifications published in either part, and the time between two, in milliseconds. */
const COUNT = 600
const EVERY_MS = 20
/** What never-reading clients ask for, in notifications of 60,000 characters: more than the kernel takes for one of them. */
const BULK = 120

const [ALONE, ATTACKED] = ['by themselves', `beside ${BAD.toLocaleString('en')} bad connections`]

/** Publishes COUNT numbers for the good clients to hear; resolves to how long each delivery took, in milliseconds, sorted. */
type Measure = () => Promise<number[]>

async function gather(ends: Teardown, port: number): Promise<Measure> {
  const target = { url: `http://127.0.0.1:${port}` }
  const published: number[] = []
  let delays: number[] = []
  const crowd = new Crowd(ends, (_client, _channel, n) => {
    delays.push(performance.now() - (published[n as number] ?? 0))
  })
  await crowd.gather(
    port,
    Array.from({ length: GOOD }, () => '/v1/stream?channel=good'),
  )
  return async () => {
    delays = []
    for (let i = 0; i < COUNT; i++) {
      const wait = pause(EVERY_MS)
      const n = published.push(performance.now()) - 1
      await publish(target, { channel: 'good', data: n })
      await wait
    }
    await until('everyone has everything', () => delays.length >= COUNT * GOOD)
    if (delays.length > COUNT * GOOD) throw new Error('something came twice')
    return delays.sort((a, b) => a - b)
  }
}

/** Opens the bad connections, and goes on with them until `ends` ends; resolves when all are open. */
async function attack(ends: Teardown, port: number): Promise<void> {
  const args = [`${port}`, `${BAD_OF_EACH}`]
  const attackers = fork(ATTACKERS, args, { execArgv: ['--import=tsx'] })
  endWith(ends, attackers)
  await once(attackers, 'message')
}

function figures(sorted: readonly number[], pid: number) {
  const percentile = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0
  const [, resident] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return { 'p50 ms': percentile(0.5), 'p99 ms': percentile(0.99), 'server MiB': Number(resident) / 1024 }
}

export const scenario: Scenario = {
  name: 'hostile',
  about: `${GOOD} WebSocket clients, by themselves and while ${BAD_OF_EACH} each of half-open, slow-header, slow-body and never-reading connections are opened and kept open.`,
  async run(report) {
    const median = await inRounds(report, (take) =>
      withEnds(async (ends) => {
        // So long that no client has to answer a ping.
        const { pid, port } = await startTidings(ends, { TIDINGS_HEARTBEAT_SECONDS: '600' })
        for (let i = 0; i < BULK; i++) {
          await publish(
            { url: `http://127.0.0.1:${port}` },
            { channel: BULK_CHANNEL, data: 'x'.repeat(60_000) },
          )
        }
        const measure = await gather(ends, port)
        await measure()
        take(ALONE, 'tidings', figures(await measure(), pid))
        const [delays] = await Promise.all([measure(), attack(ends, port)])
        take(`${ATTACKED}, while they are opened`, 'tidings', figures(delays, pid))
        take(ATTACKED, 'tidings', figures(await measure(), pid))
      }),
    )
    const p99 = (what: string) => median(what, 'tidings', 'p99 ms')
    report.targets([
      { what: `p99 ${ATTACKED} ÷ ${ALONE}`, measured: ratio(p99(ATTACKED), p99(ALONE)), atMost: 2 },
    ])
    report.ratios([
      {
        what: 'p99 while they are opened ÷ by themselves',
        measured: ratio(p99(`${ATTACKED}, while they are opened`), p99(ALONE)),
      },
    ])
  },
}
