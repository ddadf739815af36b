import t from 'tap'
import type { Options } from '../../../src/client/options.ts'
import { connect } from '../../../src/client/stream.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'

/** A request that the fake network has been sent. */
interface Asked {
  readonly path: string
  readonly transport: string | null
  readonly token: string | null
}

const READY = { cursor: 'e-1', transport: 'long-poll', channels: ['a'], heartbeat: 15 }
const json = (body: unknown, init?: ResponseInit) => Response.json(body, init)
const problem = (status: number, code: string) =>
  Response.json({ code, detail: 'no' }, { status, headers: { 'content-type': 'application/problem+json' } })
const never = new Promise<Response>(() => {})

/** A stream over a network that answers as `answer` says, with time in the test's hands. */
function open(answer: (asked: Asked) => Response | Promise<Response>, options: Options = {}) {
  const clock = new ManualClock()
  const asked: Asked[] = []
  const stream = connect('https://notify.example/base', {
    channels: ['a'],
    transports: ['sse', 'long-poll'],
    now: clock.now,
    after: (ms, run) => clock.after(ms, run),
    random: () => 0.5,
    fetch: async (input, init) => {
      const url = new URL(`${input}`)
      const request = {
        path: url.pathname,
        transport: url.searchParams.get('transport'),
        token: new Headers(init?.headers).get('authorization'),
      }
      // The first poll is answered at once; those behind it wait.
      if (Number(url.searchParams.get('wait')) > 0) return never
      asked.push(request)
      return answer(request)
    },
    ...options,
  })
  return { stream, clock, asked }
}

t.test('a page that a proxy puts in the place of everything is no stream, and no service', async (t) => {
  const page = () => new Response('<h1>Log in</h1>', { headers: { 'content-type': 'text/html' } })
  const { stream, asked } = open(page)
  await until('offline', () => stream.status.state === 'offline')
  t.same(
    asked.map(({ path, transport }) => `${path} ${transport}`),
    ['/base/v1/stream sse', '/base/v1/stream long-poll', '/base/livez null'],
  )
  stream.close()
})

t.test('a 403 that is not the service’s own word is the network’s doing', async (t) => {
  const { stream } = open(({ path }) =>
    path.endsWith('livez') ? json({ status: 'ok' }) : new Response('no', { status: 403 }),
  )
  await until('waiting', () => stream.status.state === 'waiting')
  t.equal(stream.status.reason, 'blocked')
  stream.close()
})

t.test('a 403 that is the service’s own word ends the stream', async (t) => {
  const { stream } = open(() => problem(403, 'forbidden'))
  const codes: string[] = []
  stream.on('error', ({ code }) => codes.push(code))
  await until('closed', () => stream.status.state === 'closed')
  t.same(codes, ['forbidden'])
})

t.test('nothing is asked for before there is a token, and a refused one is replaced once', async (t) => {
  let given = 0
  const { stream, asked } = open(() => new Response('', { status: 401 }), {
    token: async () => `token-${++given}`,
  })
  t.same(asked, [])
  await until('closed', () => stream.status.state === 'closed')
  t.equal(stream.status.reason, 'unauthorized')
  t.same(
    asked.map(({ token }) => token),
    ['Bearer token-1', 'Bearer token-2'],
  )
})

t.test('while no token can be had, nothing is asked for without one', async (t) => {
  const { stream, asked, clock } = open(() => never, {
    token: async () => {
      throw new Error('no token')
    },
  })
  await until('waiting', () => stream.status.state === 'waiting')
  t.equal(stream.status.reason, 'token')
  clock.pass(60_000)
  t.same(asked, [])
  stream.close()
})

t.test('Retry-After is waited for', async (t) => {
  let isFull = true
  const { stream, clock } = open(
    ({ transport }) => {
      if (isFull) return new Response('', { status: 503, headers: { 'retry-after': '7' } })
      return transport === 'long-poll' ? json({ notifications: [], cursor: 'e-1', ready: READY }) : never
    },
    { transports: ['long-poll'] },
  )
  await until('waiting', () => stream.status.reason === 'busy')
  t.equal(stream.status.until, clock.now() + 7_250)
  isFull = false
  clock.pass(7_249)
  t.equal(stream.status.state, 'waiting')
  clock.pass(1)
  await until('live', () => stream.status.state === 'live')
  stream.close()
})

t.test('Retry-After may be a date', async (t) => {
  // A minute after the test's clock begins.
  const headers = { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }
  const { stream, clock } = open(() => new Response('', { status: 503, headers }))
  await until('waiting', () => stream.status.reason === 'busy')
  t.equal(stream.status.until, clock.now() + 60_250)
  stream.close()
})

t.test('a token that never comes is not waited for for ever', async (t) => {
  let asked = 0
  const { stream, clock } = open(() => never, {
    token: () => {
      asked++
      return new Promise(() => {})
    },
  })
  t.equal(stream.status.state, 'connecting')
  clock.pass(10_000)
  t.match(stream.status, { state: 'waiting', reason: 'token' })
  clock.pass(500)
  t.equal(asked, 2)
  stream.close()
  t.equal(clock.timers, 0)
})

/** A service that brings `count` notifications on `channel` with the first poll, numbered from 0. */
function bringing(count: number, channel: string): () => Response {
  const notifications = Array.from({ length: count }, (_, n) => {
    return { cursor: `e-${n}`, channel, id: `${n}`, time: '', data: n }
  })
  return () => json({ notifications, cursor: `e-${count - 1}`, ready: READY })
}

t.test(
  'a loop that is full stays paused, whatever channels come and go, until there is room again',
  async (t) => {
    const { stream, asked } = open(bringing(1_000, 'a'), { transports: ['long-poll'] })
    const loop = stream[Symbol.asyncIterator]()
    const first = loop.next()
    await until('full', () => stream.status.reason === 'paused')
    t.same((await first).value?.data, 0)
    stream.subscribe('b')
    stream.unsubscribe('a', 'b')
    stream.subscribe('a')
    t.equal(stream.status.reason, 'paused')
    t.equal(asked.length, 1)
    for (let n = 1; n < 499; n++) await loop.next()
    stream.unsubscribe('a')
    await Promise.race([loop.next(), until('no more', () => true)])
    t.equal(stream.status.reason, 'paused', 'and without channels there being room is not enough')
    stream.subscribe('a')
    t.equal(stream.status.state, 'connecting')
    stream.close()
  },
)

t.test('nothing of a channel that was dropped is handed over, though it waited for the loop', async (t) => {
  const { stream } = open(bringing(10, 'a'), { transports: ['long-poll'], channels: ['a', 'b'] })
  const loop = stream[Symbol.asyncIterator]()
  t.same((await loop.next()).value?.data, 0)
  stream.unsubscribe('a')
  const next = loop.next()
  stream.close()
  t.same(await next, { done: true, value: undefined })
})

t.test('streams of one page keep their cursors apart', async (t) => {
  const kept = new Map<string, string>()
  Object.assign(globalThis, {
    sessionStorage: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, cursor: string) => kept.set(key, cursor),
    },
  })
  t.teardown(() => Reflect.deleteProperty(globalThis, 'sessionStorage'))
  const begin = (channels: string[], count: number) =>
    open(bringing(count, 'a'), { transports: ['long-poll'], persist: true, channels }).stream
  const [one, other] = [begin(['a', 'b'], 2), begin(['c'], 5)]
  await until('both have come', () => kept.size === 2)
  one.close()
  other.close()
  const again = begin(['b', 'a'], 1)
  t.equal(again.cursor, 'e-1')
  again.close()
})

t.test('the next transport starts a second after one that says nothing', async (t) => {
  const { stream, clock, asked } = open(({ transport }) =>
    transport === 'sse' ? never : json({ notifications: [], cursor: 'e-1', ready: READY }),
  )
  clock.pass(999)
  t.equal(asked.length, 1)
  clock.pass(1)
  await until('live', () => stream.status.state === 'live')
  t.equal(stream.status.transport, 'long-poll')
  stream.close()
})

t.test('a listener that throws keeps neither the others nor the cursor', async (t) => {
  const notification = { cursor: 'e-2', channel: 'a', id: '1', time: '', data: 1 }
  const { stream } = open(() => json({ notifications: [notification], cursor: 'e-2', ready: READY }), {
    transports: ['long-poll'],
  })
  const uncaught: unknown[] = []
  const note = (error: unknown): void => void uncaught.push(error)
  process.prependOnceListener('unhandledRejection', note)
  const got: unknown[] = []
  stream.on('notification', () => {
    throw new Error('broken')
  })
  stream.on('notification', ({ data }) => got.push([data, stream.cursor]))
  await until('handed over', () => got.length > 0)
  t.same(got, [[1, 'e-1']], 'the cursor follows only when all have had it')
  t.equal(stream.cursor, 'e-2')
  stream.close()
})

t.test('a signal closes it, also one that was aborted before', async (t) => {
  const abort = new AbortController()
  const { stream } = open(() => never, { signal: abort.signal })
  abort.abort()
  t.equal(stream.status.state, 'closed')
  t.equal(open(() => never, { signal: abort.signal }).stream.status.state, 'closed')
})

t.test('without channels nothing is opened until there is one', async (t) => {
  const { stream, asked } = open(() => never, { channels: [] })
  t.same(asked, [])
  stream.subscribe('a')
  await until('asked', () => asked.length === 1)
  stream.close()
})

t.test('a stream that is closed leaves no timer behind', async (t) => {
  const { stream, clock } = open(({ path }) =>
    path.endsWith('livez')
      ? json({ status: 'ok' })
      : json({ notifications: [], cursor: 'e-1', ready: READY }),
  )
  await until('it is live', () => stream.status.state === 'live')
  t.ok(clock.timers > 0)
  stream.close()
  t.equal(clock.timers, 0)
})

t.test('a token source that has no token makes nobody anonymous', async (t) => {
  const { stream, asked } = open(() => json({}), { token: async () => '' })
  await until('it waits', () => stream.status.state === 'waiting')
  t.equal(stream.status.reason, 'token')
  t.strictSame(asked, [], 'nothing was opened without')
  stream.close()
})

t.test(
  'a 503 that does not say when to come back is the network’s doing, and another transport has its turn',
  async (t) => {
    const { stream } = open(({ transport }) =>
      transport === 'sse'
        ? new Response('<h1>503</h1>', { status: 503 })
        : json({ notifications: [], cursor: 'e-1', ready: READY }),
    )
    await until('it is live', () => stream.status.state === 'live')
    t.equal(stream.status.transport, 'long-poll')
    stream.close()
  },
)
