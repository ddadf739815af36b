/** Publishes that nobody listens to, durable in the embedded log: what each costs, beside a route that only parses them. */
import type { Teardown } from '../../test/support/nats.ts'
import type { Server } from '../harness/child.ts'
import { withEnds } from '../harness/ends.ts'
import { faultOf, runLoad } from '../harness/loadgen.ts'
import { inRounds, ratio } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { startFastify } from '../peers/load/fastify.ts'
import type { Options } from '../peers/load/peer.ts'
import { embeddedLog, publishOn, startTidings } from '../peers/load/tidings.ts'

const BATCH = 500

const SERVERS: Readonly<Record<string, (ends: Teardown) => Promise<Server>>> = {
  tidings: (ends) => startTidings(ends, embeddedLog(ends)),
  fastify: startFastify,
}

/** `count` notifications in a request; without subscribers, the window bounds nothing, and each connection is always busy. */
const LOADS: Readonly<Record<string, { count: number; options: Options }>> = {
  single: { count: 1, options: ['--window', 1, '--pub-conns', 64] },
  [`batches of ${BATCH}`]: { count: BATCH, options: ['--window', 1, '--pub-conns', 4] },
  'single, 1,000 a second': { count: 1, options: ['--rate', 1000, '--pub-conns', 64] },
}

export const scenario: Scenario = {
  name: 'publish',
  about:
    'Publishes into the embedded log over 64 connections (batches: 4), beside a Fastify route that only parses the body: CPU of the server for each notification.',
  async run(report) {
    const median = await inRounds(report, async (take) => {
      for (const [what, { count, options }] of Object.entries(LOADS)) {
        for (const [name, start] of Object.entries(SERVERS)) {
          await withEnds(async (ends) => {
            const run = await runLoad(await start(ends), [
              ...['--transport', 'none', ...publishOn('user:{i}', count), ...options],
              ...['--warmup', 1, '--duration', 4],
            ])
            report.check(`${what}, ${name}`, faultOf(run))
            const notifications = run.pub_ok * count
            take(
              what,
              name,
              {
                'CPU µs/notification': (run.cpu.server_s * 1e6) / notifications,
                'notifications in 4 s': notifications,
                'p99 ms': run.pub_rtt_p99_us / 1000,
              },
              run,
            )
          })
        }
      }
    })
    const cost = (what: string, server: string) => median(what, server, 'CPU µs/notification')
    const [single = '', batches = '', unhurried = ''] = Object.keys(LOADS)
    report.targets([
      { what: `${single}: CPU µs/notification`, measured: cost(single, 'tidings'), atMost: 60 },
      { what: `${batches}: CPU µs/notification`, measured: cost(batches, 'tidings'), atMost: 6 },
    ])
    report.ratios(
      [single, batches, unhurried].flatMap((what) => [
        {
          what: `${what}: CPU, tidings ÷ fastify`,
          measured: ratio(cost(what, 'tidings'), cost(what, 'fastify')),
        },
        {
          what: `${what}: p99, tidings ÷ fastify`,
          measured: ratio(median(what, 'tidings', 'p99 ms'), median(what, 'fastify', 'p99 ms')),
        },
      ]),
    )
  },
}
