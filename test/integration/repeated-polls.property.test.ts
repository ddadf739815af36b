import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { formatCursor } from '../../src/protocol/cursor.ts'
import { type RunningApp, startApp } from '../support/app.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { getBytes, openRaw, type RawConnection } from '../support/raw-http.ts'

/** Turns of the event loop in which whatever has been read is done with: both services are in this process, and wait for no disk. */
const TURNS = 12

/** In how many something must have happened, or the test fails. */
const MAX_TURNS = 100_000

/** What a client may say, in one or more pieces. `at` stands for the cursor. */
type Say = (at: string) => string

const poll: Say = (at) => getBytes(`/v1/stream?channel=a&cursor=${at}&wait=9`)
const withHeader: Say = (at) => getBytes(`/v1/stream?channel=a&cursor=${at}&wait=9`, { 'x-more': 'b' })
const withBody = (body: string, more = '') =>
  `POST /nowhere HTTP/1.1\r\nHost: localhost\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`

const OTHERS: readonly Say[] = [
  withHeader,
  (at) => poll(at).replace('wait=9', 'wait=9&limit=1'),
  (at) => poll(at).replace('channel=a', 'channel=a&channel=b'),
  (at) => poll(at).replace('channel=a', `cursor=${at}&channel=a`),
  (at) => poll(at).replace('wait=9', 'wait=0'),
  (at) => poll(at).replace('HTTP/1.1', 'HTTP/1.0'),
  (at) => poll(at).replace('host:', 'Host:  '),
  (at) => poll(at).replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'),
  (at) => poll(at).replace('\r\n\r\n', '\r\nexpect: 100-continue\r\n\r\n'),
  (at) => poll(at).replace('\r\n\r\n', '\r\naccept: text/event-stream\r\n\r\n'),
  (at) => poll(at).replace('GET', 'HEAD'),
  (at) => poll(at).replace('GET', 'get'),
  (at) => `\r\n${poll(at)}`,
  (at) => `${poll(at)}${poll(at)}`,
  (at) => withBody(poll(at)),
  (at) => withBody(poll(at)).slice(0, -9),
  (at) => poll(at).replace('\r\n\r\n', '\r\ncontent-length: 3\r\n\r\n'),
  (at) => poll(at).slice(0, -3),
  (at) => poll(at).slice(9),
  () => poll('earliest'),
  () => poll(''),
  () => poll('zzzzzzzzzzz'),
  () => poll('elsewhere-1'),
  () => poll('a'.repeat(9_000)),
  (at) => poll(`${at}0000`),
  (at) => poll(at.toUpperCase()),
  () => getBytes('/livez'),
  () => 'EHLO example.org\r\n\r\n',
]

type Step =
  | { readonly say: Say; readonly back: number; readonly cut: number | undefined }
  | 'publish'
  | 'time'

/** Polls that are alike come in runs: only then are they repeated ones. Those at the head wait, and make whatever comes behind wait. */
const step: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 6, arbitrary: run(poll, 8) },
  { weight: 1, arbitrary: run(withHeader, 4) },
  { weight: 2, arbitrary: saying(fc.constant(poll), 0, 9).map((one) => [one]) },
  { weight: 3, arbitrary: saying(fc.constantFrom(...OTHERS), 0, 3).map((one) => [one]) },
  { weight: 4, arbitrary: fc.constant(['publish'] as const) },
  { weight: 1, arbitrary: fc.constant(['time'] as const) },
)

function run(say: Say, maxLength: number): fc.Arbitrary<readonly Step[]> {
  return fc.array(saying(fc.constant(say), 1, 30), { minLength: 3, maxLength })
}

/** @param whole how many in one piece there are for one that is cut */
function saying(say: fc.Arbitrary<Say>, back: number, whole: number): fc.Arbitrary<Step> {
  const cut = fc.oneof(
    { weight: whole, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 120 }) },
  )
  return fc.record({ say, back: fc.integer({ min: back, max: 3 }), cut })
}

/** One client and what it was sent. */
interface Side {
  readonly raw: RawConnection
  readonly near: Socket
  received: number
  text: string
}

async function openSide(teardown: (() => unknown)[], { app, port }: RunningApp): Promise<Side> {
  const accepted = once(app.server.server, 'connection') as Promise<[Socket]>
  const raw = await openRaw({ teardown: (fn) => teardown.push(fn) }, port)
  const [near] = await accepted
  const side: Side = { raw, near, received: 0, text: '' }
  raw.socket.on('data', (chunk) => {
    side.received += chunk.length
    side.text += chunk.toString('latin1')
  })
  return side
}

/** Sends, and waits until the service has read it, or will read nothing more for now. */
async function send({ raw, near }: Side, bytes: string): Promise<void> {
  if (near.destroyed || near.isPaused() || !raw.socket.writable) return
  const before = near.bytesRead
  raw.socket.write(bytes, 'latin1')
  await turnsUntil(() => near.destroyed || near.isPaused() || near.bytesRead === before + bytes.length)
}

async function settle(sides: readonly Side[]): Promise<void> {
  for (let i = 0; i < TURNS; i++) await turn()
  await turnsUntil(() =>
    sides.every(({ near, received }) => near.destroyed || received === near.bytesWritten),
  )
}

async function turnsUntil(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i > MAX_TURNS) throw new Error('nothing moves')
    await turn()
  }
}

t.test('whatever a client says, polls that are not parsed are answered as if they were', async (t) => {
  const clock = new ManualClock(setImmediate)
  const quick = await startApp(t, { clock })
  const plain = await startApp(t, { clock, log: quick.log })
  // Somebody else listens: all is left to Node.
  plain.app.server.server.on('connection', (socket: Socket) => socket.on('data', () => undefined))
  const parsed = { quick: 0, plain: 0 }
  quick.app.server.server.on('request', () => parsed.quick++)
  plain.app.server.server.on('request', () => parsed.plain++)
  const { epoch } = await quick.log.bounds()
  let head = 0
  const publish = async () => {
    const [{ position = 0 } = {}] = await quick.log.append([{ channel: 'a', id: `${head}`, data: `${head}` }])
    head = position
    for (let i = 0; i < TURNS; i++) await turn()
  }
  for (let i = 0; i < 4; i++) await publish()

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12, size: 'max' }), async (runs) => {
      const teardown: (() => unknown)[] = []
      const sides = [await openSide(teardown, quick), await openSide(teardown, plain)]
      for (const one of runs.flat()) {
        if (one === 'publish') await publish()
        else if (one === 'time') clock.pass(9_000)
        else {
          const bytes = one.say(formatCursor(epoch, head - one.back))
          const pieces = one.cut === undefined ? [bytes] : [bytes.slice(0, one.cut), bytes.slice(one.cut)]
          for (const piece of pieces) {
            if (piece === '') continue
            await Promise.all(sides.map((side) => send(side, piece)))
            await settle(sides)
          }
        }
        await settle(sides)
      }
      await publish()
      await settle(sides)
      const [first, second] = sides.map(({ text }) => text.replace(/^Date: .*$/gim, ''))
      for (const undo of teardown) undo()
      if (first !== second) throw new Error(`${JSON.stringify(first)}\nand not\n${JSON.stringify(second)}`)
    }),
    { numRuns: 100, seed: 6 },
  )
  t.ok(parsed.quick < 0.7 * parsed.plain, `${parsed.quick} of ${parsed.plain} were parsed`)
})
