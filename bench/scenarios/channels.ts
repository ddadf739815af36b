/** Many channels with a subscriber each, many patterns: whether a delivery costs more than on one channel. */
import { randomInt } from 'node:crypto'
import { Crowd } from '../harness/crowd.ts'
import { Deliveries } from '../harness/deliveries.ts'
import { withEnds } from '../harness/ends.ts'
import { holdable } from '../harness/machine.ts'
import type { Report } from '../harness/report.ts'
import { inRounds, ratio, type Take } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { publishEvenly } from '../harness/service.ts'
import { cpuOf } from '../harness/usage.ts'
import { startTidings, tidings } from '../peers/load/tidings.ts'

const CONNECTIONS = holdable(20_000)
const CHANNELS_EACH = 5
const PATTERNS = 1000
/** The most that a subscriber may have. */
const PATTERNS_EACH = 100
const SECONDS = 3
/** How often what is heard and what is not take turns: their difference is small beside a collection of garbage in one of them. */
const TURNS = 7
const BATCH = 50
const DELIVERIES_PER_SECOND = 5000
/** Heartbeats would be a quarter of what is delivered. */
const SETTINGS = { TIDINGS_HEARTBEAT_SECONDS: '3600' }

const [ONE, RANDOM, WITH_PATTERNS] = ['one channel', 'random channels', 'random channels beside patterns']

const range = (length: number) => Array.from({ length }, (_, i) => i)
const pathOf = (channels: readonly string[]) =>
  `/v1/stream?${channels.map((channel) => `channel=${channel}`).join('&')}`
const randomChannel = () => `c:${randomInt(CONNECTIONS)}:${randomInt(CHANNELS_EACH)}`

/** One notification to all connections, again and again. */
function measureOne(report: Report, take: Take): Promise<void> {
  return withEnds(async (ends) => {
    const { pid, port } = await startTidings(ends, SETTINGS)
    const deliveries = new Deliveries()
    const crowd = new Crowd(ends, (...heard) => deliveries.heard(...heard))
    await crowd.gather(
      port,
      range(CONNECTIONS).map(() => pathOf(['c'])),
    )
    const pace = { seconds: SECONDS, requestsPerSecond: DELIVERIES_PER_SECOND / CONNECTIONS }
    const run = async (next: number) => {
      const before = cpuOf(pid)
      const end = await publishEvenly(port, { ...pace, next }, () => ['c'])
      const count = (end - next) * CONNECTIONS
      report.check(ONE, await deliveries.fault(count))
      return { next: end, cost: (cpuOf(pid) - before) / count }
    }
    const warm = await run(0)
    take(ONE, tidings.name, { 'CPU µs/delivery': (await run(warm.next)).cost })
  })
}

/** Notifications to one connection each; what publishing costs of it is measured by publishes that nobody hears. */
function measureMany(report: Report, take: Take): Promise<void> {
  return withEnds(async (ends) => {
    const { pid, port } = await startTidings(ends, SETTINGS)
    const deliveries = new Deliveries()
    const crowd = new Crowd(ends, (...heard) => deliveries.heard(...heard))
    await crowd.gather(
      port,
      range(CONNECTIONS).map((i) => pathOf(range(CHANNELS_EACH).map((k) => `c:${i}:${k}`))),
    )
    const pace = { seconds: SECONDS, requestsPerSecond: DELIVERIES_PER_SECOND / BATCH }
    let next = 0
    const run = async (what: string, channel: () => string, isHeard: boolean) => {
      const before = cpuOf(pid)
      const end = await publishEvenly(port, { ...pace, next }, () => range(BATCH).map(channel))
      const count = end - next
      next = end
      report.check(what, await deliveries.fault(isHeard ? count : 0))
      return (cpuOf(pid) - before) / count
    }
    const silent = () => `${randomChannel()}:silent`
    const takeTurns = async (what: string) => {
      for (let turn = 0; turn < TURNS; turn++) {
        const publishing = await run('silent channels', silent, false)
        take(what, tidings.name, {
          'CPU µs/delivery': (await run(what, randomChannel, true)) - publishing,
          'publishing, left out, µs': publishing,
        })
      }
    }
    await run('warm-up', randomChannel, true)
    await takeTurns(RANDOM)
    const patterns = new Crowd(ends, () => report.fail('a pattern was sent what it does not match'))
    const sets = range(PATTERNS / PATTERNS_EACH).map((i) => range(PATTERNS_EACH).map((k) => `c:*:p${i}-${k}`))
    await patterns.gather(port, sets.map(pathOf))
    await takeTurns(WITH_PATTERNS)
  })
}

export const scenario: Scenario = {
  name: 'channels',
  about: `${CONNECTIONS * CHANNELS_EACH} channels with one subscriber each over ${CONNECTIONS} WebSockets, ${DELIVERIES_PER_SECOND} deliveries a second: CPU of the server for each, beside one channel that all subscribe to, and ${PATTERNS} patterns.`,
  async run(report) {
    const median = await inRounds(report, async (take) => {
      await measureOne(report, take)
      await measureMany(report, take)
    })
    const cost = (what: string) => median(what, tidings.name, 'CPU µs/delivery')
    report.targets([
      { what: `${RANDOM} ÷ ${ONE}`, measured: ratio(cost(RANDOM), cost(ONE)), atMost: 1.5 },
      {
        what: `${WITH_PATTERNS} ÷ ${RANDOM}`,
        measured: ratio(cost(WITH_PATTERNS), cost(RANDOM)),
        atMost: 1.2,
      },
    ])
  },
}
