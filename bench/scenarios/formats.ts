/** The same notifications in each wire format: what they weigh, and what they cost the server and the client. */
import { setTimeout as pause } from 'node:timers/promises'
import { request } from 'undici'
import type { Message } from '../../test/support/clients/client.ts'
import { CLIENT_FORMATS, type ClientFormat } from '../../test/support/clients/formats.ts'
import { Crowd } from '../harness/crowd.ts'
import { Deliveries } from '../harness/deliveries.ts'
import { withEnds } from '../harness/ends.ts'
import type { Report } from '../harness/report.ts'
import { inRounds, ratio, type Take } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { cpuOf } from '../harness/usage.ts'
import { startTidings } from '../peers/load/tidings.ts'

const SUBSCRIBERS = 500
const PUBLISHES = 100
/** between two publishes, in milliseconds: each is a write of its own */
const PACE_MS = 40
const SIZES: Readonly<Record<string, number>> = { '200 B': 200, '2 KB': 2_000, '20 KB': 20_000 }
/** No heartbeat comes among what is measured. */
const SETTINGS = { TIDINGS_HEARTBEAT_SECONDS: '3600' }
const READ = 200
const TRIES = 20

/** An order of about so many bytes as JSON: names, numbers and texts, as data has them. */
function order(n: number, size: number): object {
  const data = { n, order: 'ord-71234', customer: { id: 42, name: 'Zoë Müller' }, lines: [] as object[] }
  for (let i = 0; JSON.stringify(data).length < size - 50; i++) {
    const price = 100 + ((i * 1717) % 9900)
    data.lines.push({ sku: `A-${1000 + i}`, quantity: 1 + (i % 7), price: price / 100, gift: i % 5 === 0 })
  }
  return data
}

/** Publishes orders one by one, numbered from `first` on. */
async function publishOrders(port: number, size: number, first: number): Promise<void> {
  for (let n = first; n < first + PUBLISHES; n++) {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/v1/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'c', data: order(n, size) }),
    })
    const answer = await body.text()
    if (statusCode !== 201) throw new Error(`publish: ${statusCode} ${answer}`)
    await pause(PACE_MS)
  }
}

/** What it takes a client of this process to read a notification, in microseconds: the least of several tries. */
function reading({ data }: ClientFormat, frame: Buffer): number {
  const tries = Array.from({ length: TRIES }, () => {
    const before = performance.now()
    for (let i = 0; i < READ; i++) data(frame)
    return ((performance.now() - before) * 1000) / READ
  })
  return Math.min(...tries)
}

/** All clients get the same frame one after another: it is read once, so that they keep up, and the server does not wait for them. */
class Latest {
  frame: Buffer = Buffer.alloc(0)
  readonly format: ClientFormat
  #message: Message | undefined

  constructor(format: ClientFormat) {
    this.format = { ...format, message: (frame) => this.#read(format, frame) }
  }

  #read(format: ClientFormat, frame: Buffer): Message {
    if (this.#message && this.frame.equals(frame)) return this.#message
    this.frame = Buffer.from(frame)
    this.#message = format.message(frame)
    return this.#message
  }
}

function measure(
  report: Report,
  take: Take,
  what: string,
  size: number,
  format: ClientFormat,
): Promise<void> {
  return withEnds(async (ends) => {
    const { pid, port } = await startTidings(ends, SETTINGS)
    const deliveries = new Deliveries()
    const frames = new Latest(format)
    const crowd = new Crowd(ends, (...heard) => deliveries.heard(...heard), frames.format)
    await crowd.gather(port, Array(SUBSCRIBERS).fill('/v1/stream?channel=c'))
    const count = PUBLISHES * SUBSCRIBERS
    const run = async (first: number) => {
      const [cpu, bytes] = [cpuOf(pid), crowd.bytesRead]
      await publishOrders(port, size, first)
      report.check(`${what}, ${format.name}`, await deliveries.fault(count))
      return { cpu: (cpuOf(pid) - cpu) / count, bytes: (crowd.bytesRead - bytes) / count }
    }
    await run(0)
    const { cpu, bytes } = await run(PUBLISHES)
    take(what, format.name, {
      'bytes/delivery': bytes,
      'CPU µs/delivery': cpu,
      'client µs/message': reading(format, frames.frame),
    })
  })
}

export const scenario: Scenario = {
  name: 'formats',
  about: `Orders of three sizes, published in JSON one at a time, to ${SUBSCRIBERS} WebSockets in each wire format: bytes on the wire and CPU of the server for each delivery, and what a client in JavaScript takes to read it.`,
  async run(report) {
    const median = await inRounds(report, async (take) => {
      for (const [what, size] of Object.entries(SIZES)) {
        for (const format of CLIENT_FORMATS) await measure(report, take, what, size, format)
      }
    })
    const [json, ...others] = CLIENT_FORMATS.map(({ name }) => name)
    report.ratios(
      Object.keys(SIZES).flatMap((what) =>
        others.flatMap((format) =>
          ['bytes/delivery', 'CPU µs/delivery', 'client µs/message'].map((figure) => ({
            what: `${what}: ${figure}, ${format} ÷ ${json}`,
            measured: ratio(median(what, format, figure), median(what, `${json}`, figure)),
          })),
        ),
      ),
    )
  },
}
