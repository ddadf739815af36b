import t from 'tap'
import { parseCursor } from '../../src/protocol/cursor.ts'
import type { NotificationMessage } from '../../src/protocol/messages.ts'
import { publish } from '../support/clients/requests.ts'
import { ABRUPT_CLIENTS } from '../support/follower.ts'
import { type Instance, startInstances } from '../support/instances.ts'
import { startNats } from '../support/nats.ts'
import { type PacedStream, pacedStreams } from '../support/paced-stream.ts'

/** 12 MB, far more than sockets hold, in notifications each of which is too heavy for the window. */
const COUNT = 240
const SIZE = 50_000
const BATCH = 10
const PADDING = 'x'.repeat(SIZE)

const KINDS = ['websocket', 'sse'] as const

/** Publishes by both instances in turn; gives the numbers in log order. */
async function publishAll(instances: readonly Instance[]): Promise<number[]> {
  const positions: number[] = []
  for (let from = 0; from < COUNT; from += BATCH) {
    const target = instances[(from / BATCH) % instances.length] as Instance
    const items = Array.from({ length: BATCH }, (_, i) => ({
      channel: `stuck:${i}`,
      data: { n: from + i, padding: PADDING },
    }))
    const { body } = await publish(target, items)
    for (const { cursor } of body.notifications) positions.push(parseCursor(cursor)?.position ?? Number.NaN)
  }
  return positions.map((_, n) => n).sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0))
}

/** Opens a stream and reads no further than `ready`. */
async function openStuck({ url }: Instance, kind: (typeof KINDS)[number]) {
  const stream = pacedStreams[kind](url, 'channel=stuck:*')
  const ready = await stream.next()
  if (ready.type !== 'ready') throw new Error(`${ready.type} came first`)
  return { kind, stream, cursor: ready.cursor }
}

async function readAll(stream: PacedStream): Promise<number[]> {
  const numbers: number[] = []
  while (numbers.length < COUNT) {
    const message = await stream.next()
    if (message.type === 'gap') throw new Error('a gap')
    if (message.type === 'notification') numbers.push(message.notification.data.n)
  }
  return numbers
}

t.test('a client that was stuck for longer than the window gets everything from the log', async (t) => {
  const server = await startNats(t)
  const settings = { TIDINGS_WINDOW_BYTES: '64 KiB', TIDINGS_HEARTBEAT_SECONDS: '60' }
  const instances = await startInstances(t, 2, server.url, settings)
  const [here, elsewhere] = instances as [Instance, Instance]
  const stuck = await Promise.all(KINDS.map((kind) => openStuck(here, kind)))
  const leaving = await openStuck(here, 'sse')

  const expected = await publishAll(instances)

  for (const { kind, stream } of stuck) {
    t.strictSame(await readAll(stream), expected, `${kind}: on the connection it has`)
    stream.close()
  }
  leaving.stream.close()
  for (const kind of ABRUPT_CLIENTS) {
    const client = await kind.open(elsewhere, { channel: 'stuck:*', cursor: leaving.cursor })
    if (kind.transport !== 'long-poll') await client.inbox.expect('ready')
    const numbers = (await client.inbox.notifications(COUNT)).map(numberOf)
    t.strictSame(numbers, expected, `${kind.transport}: with its cursor, at another instance`)
    await client.close()
  }
})

function numberOf({ data }: NotificationMessage): number {
  return (data as { n: number }).n
}
