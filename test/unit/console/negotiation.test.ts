import t from 'tap'
import type { Status } from '../../../src/client/status.ts'
import { explain, lengthOf, markOf, outcome } from '../../../src/console/explain.ts'
import { type Attempt, Negotiation } from '../../../src/console/negotiation.ts'
import type { TransportKind } from '../../../src/protocol/messages.ts'

const NEVER = Number.POSITIVE_INFINITY

function statusOf(status: Partial<Status>): Status {
  return { state: 'live', transport: undefined, trying: [], reason: undefined, until: NEVER, ...status }
}

function start() {
  let now = 0
  const negotiation = new Negotiation(
    () => now,
    () => {},
  )
  return {
    negotiation,
    pass: (ms: number) => {
      now += ms
    },
    live(transport: TransportKind): Status {
      const status = statusOf({ transport })
      negotiation.status(status)
      return status
    },
    newest: (transport: TransportKind) => negotiation.by(transport)[0] as Attempt,
  }
}

t.test('what the client closes had to yield to what was ready first, and is the reason shown', async (t) => {
  const { negotiation, pass, live, newest } = start()
  const first = negotiation.began('websocket', false)
  pass(1_000)
  negotiation.began('sse', false)
  pass(40)
  negotiation.ended(first, { by: 'client' })
  const status = live('sse')
  t.equal(outcome(newest('websocket')), 'no answer when SSE was ready')
  t.equal(markOf(newest('websocket')), 'failed')
  t.equal(lengthOf(newest('websocket')), 'after 1.0 s')
  t.equal(outcome(newest('sse')), 'ready, in use')
  t.equal(lengthOf(newest('sse')), 'in 40 ms')
  t.match(explain(status, negotiation), {
    tone: 'sse',
    badge: 'SSE',
    headline: 'Live over SSE',
    why: 'WebSocket: no answer when SSE was ready. The client looks again from time to time.',
  })
})

t.test('a probe that is under way does not hide why the last one failed', async (t) => {
  const { negotiation, live } = start()
  negotiation.ended(negotiation.began('websocket', false), { by: 'answer', status: 403 })
  negotiation.began('sse', false)
  negotiation.began('websocket', false)
  t.match(explain(live('sse'), negotiation).why, 'WebSocket: failed, answered with 403.')
})

t.test('a stream that hands over is told from one that is lost', async (t) => {
  const { negotiation, pass, live, newest } = start()
  const sse = negotiation.began('sse', false)
  live('sse')
  pass(8_000)
  negotiation.began('websocket', false)
  negotiation.ended(sse, { by: 'client' })
  live('websocket')
  t.equal(outcome(newest('sse')), 'handed over to WebSocket')
  t.equal(markOf(newest('sse')), 'done')
  t.equal(lengthOf(newest('sse')), 'lived 8.0 s')

  const socket = newest('websocket')
  negotiation.ended(socket.id, { by: 'close', code: 1006 })
  t.equal(outcome(newest('websocket')), 'lost, the connection broke')
  t.equal(markOf(newest('websocket')), 'failed')
})

t.test('the oldest entries go when there are too many', async (t) => {
  const { negotiation } = start()
  for (let i = 0; i < 100; i++) negotiation.remark('idle', `${i}`)
  t.equal(negotiation.entries.length, 60)
  t.match(negotiation.entries[0], { text: '99' })
})

t.test('every state has its words', async (t) => {
  const { negotiation } = start()
  const headlines = (['connecting', 'live', 'waiting', 'offline', 'closed'] as const).map(
    (state) =>
      explain(statusOf({ state, trying: ['websocket', 'sse'], reason: 'lost' }), negotiation).headline,
  )
  t.same(headlines, ['Connecting', 'Live', 'Waiting', 'Offline', 'Closed'])
  t.match(
    explain(statusOf({ state: 'connecting', trying: ['websocket', 'sse'] }), negotiation).why,
    'WebSocket and SSE',
  )
  t.match(explain(statusOf({ state: 'waiting', reason: 'busy' }), negotiation).why, 'no place')
})
