import fc from 'fast-check'
import t from 'tap'
import { deadline, initial, step } from '../../../src/client/machine/machine.ts'
import type { ClientTransport, Effect, Event, State } from '../../../src/client/machine/state.ts'
import { NEVER, TIMINGS } from '../../../src/client/machine/timings.ts'

const TRANSPORTS: readonly ClientTransport[] = ['websocket', 'sse', 'long-poll']
const HEARTBEAT = 15_000

/** A machine with a clock; it remembers what it was told to do. */
class Run {
  state: State
  now = 1_000_000
  effects: readonly Effect[] = []

  constructor(options: Partial<Parameters<typeof initial>[0]> = {}) {
    this.state = initial({ timings: TIMINGS, transports: TRANSPORTS, renewable: false, ...options })
    this.tell({ kind: 'resume' })
  }

  tell(event: Event, random = 0.5): this {
    const [state, effects] = step(this.state, event, this.now, random)
    this.state = state
    this.effects = effects
    return this
  }

  /** Lets time pass until the next deadline. */
  wait(): this {
    this.now = Math.max(this.now, deadline(this.state))
    return this.tell({ kind: 'tick' })
  }

  after(ms: number): this {
    this.now += ms
    return this
  }

  id(transport: ClientTransport): number {
    return this.state.attempts.find((attempt) => attempt.transport === transport)?.id ?? -1
  }

  ready(transport: ClientTransport): this {
    return this.tell({ kind: 'ready', id: this.id(transport), heartbeat: HEARTBEAT })
  }

  fail(transport: ClientTransport): this {
    return this.tell({ kind: 'lost', id: this.id(transport), cause: 'failed' })
  }

  get open(): readonly ClientTransport[] {
    return this.state.attempts.map(({ transport }) => transport)
  }

  get kinds(): readonly string[] {
    return this.effects.map(({ kind }) => kind)
  }
}

t.test('the first transport starts alone, the others beside it one by one', async (t) => {
  const run = new Run()
  t.same(run.open, ['websocket'])
  t.equal(deadline(run.state), run.now + TIMINGS.hedge)
  t.same(run.wait().open, ['websocket', 'sse'])
  t.same(run.wait().open, ['websocket', 'sse', 'long-poll'])
})

t.test('a transport that fails makes room for the next at once', async (t) => {
  t.same(new Run().fail('websocket').open, ['sse'])
})

t.test('the first to be ready wins, and the others are closed', async (t) => {
  const run = new Run().wait()
  run.ready('sse')
  t.equal(run.state.kind, 'live')
  t.same(run.open, ['sse'])
  t.same(run.kinds, ['use', 'remember'])
})

t.test(
  'what is better and was tried in vain is probed, and takes over without an end to the old',
  async (t) => {
    const run = new Run().wait().ready('sse')
    run.wait()
    t.same(run.open, ['sse', 'websocket'])
    run.ready('websocket')
    t.same(run.open, ['websocket'])
    t.same(run.kinds, ['use', 'remember'])
  },
)

t.test('probes that fail come at growing pauses', async (t) => {
  const run = new Run().wait().ready('sse')
  const pauses = [1, 2, 3, 4].map(() => {
    const pause = deadline(run.state) - run.now
    run
      .wait()
      .fail('websocket')
      .tell({ kind: 'heard', id: run.id('sse') })
    return pause
  })
  t.same(pauses, [3_000, 4_500, 6_750, 10_125])
})

t.test('the floor is never in doubt', async (t) => {
  const run = new Run({ transports: ['long-poll'] })
  for (let round = 0; round < 5; round++) run.ready('long-poll').after(10).fail('long-poll').wait()
  t.same(run.state.doubts, {})
  t.same(run.open, ['long-poll'])
})

t.test('silence beyond the heartbeat is a failure: the next goes first', async (t) => {
  const run = new Run().ready('websocket')
  t.equal(deadline(run.state), run.now + HEARTBEAT + TIMINGS.margin)
  run.wait()
  t.match(run.state, { kind: 'waiting', reason: 'lost' })
  t.same(run.wait().open, ['sse'])
})

t.test('a machine that has slept blames no transport', async (t) => {
  const run = new Run().ready('websocket').after(3_600_000).tell({ kind: 'tick' })
  t.same(run.open, ['websocket'])
  t.same(run.state.doubts, {})
})

t.test('dying young may be chance once, and is a failure the second time', async (t) => {
  const run = new Run().ready('websocket').after(500).fail('websocket')
  t.same(run.wait().open, ['websocket'])
  run.ready('websocket').after(500).fail('websocket')
  t.same(run.wait().open, ['sse'])
})

t.test('a stream that has lived is trusted again', async (t) => {
  const run = new Run().ready('websocket').after(500).fail('websocket').wait()
  run.ready('websocket').after(TIMINGS.young)
  run.tell({ kind: 'heard', id: run.id('websocket') }).fail('websocket')
  t.same(run.state.doubts, {})
  t.same(run.wait().open, ['websocket'])
})

t.test(
  'a bye is no failure: it is served until the time given, and comes back over the same transport',
  async (t) => {
    const run = new Run().ready('websocket').after(TIMINGS.young)
    run.tell({ kind: 'bye', id: run.id('websocket'), retryAfter: 2_000 })
    t.equal(run.state.kind, 'live')
    t.equal(deadline(run.state), run.now + 2_000)
    run.after(500).fail('websocket')
    t.match(run.state, { kind: 'waiting', reason: 'bye' })
    t.ok(deadline(run.state) >= run.now + 1_500)
    run.wait()
    t.same(run.open, ['websocket'])
    t.same(run.state.doubts, {})
  },
)

t.test('being offline is not being blocked', async (t) => {
  const run = new Run().fail('websocket').fail('sse').fail('long-poll')
  t.same(run.kinds, ['check'])
  run.tell({ kind: 'checked', reachable: false })
  t.equal(run.state.kind, 'offline')
  t.same(run.state.doubts, {})
  t.same(run.tell({ kind: 'nudge' }).open, ['websocket'], 'and the network coming back is used at once')
})

t.test('when all fail and the service can be reached, it tries all again', async (t) => {
  const run = new Run().fail('websocket').fail('sse').fail('long-poll')
  run.tell({ kind: 'checked', reachable: true })
  t.match(run.state, { kind: 'waiting', reason: 'blocked' })
})

t.test('Retry-After is kept to, and not cut short by the network', async (t) => {
  const run = new Run().fail('websocket')
  run.tell({ kind: 'lost', id: run.id('sse'), cause: 'busy', retryAfter: 7_000 })
  t.match(run.state, { kind: 'waiting', reason: 'busy' })
  t.ok(deadline(run.state) >= run.now + 7_000)
  t.equal(run.tell({ kind: 'nudge' }).state.kind, 'waiting')
})

t.test('a refused token is replaced once, and never is a stream opened without', async (t) => {
  const run = new Run({ renewable: true })
  t.same(run.kinds, ['renew'])
  t.same(run.open, [])
  run.tell({ kind: 'token', renewAt: NEVER })
  t.same(run.open, ['websocket'])
  run.fail('websocket').tell({ kind: 'lost', id: run.id('sse'), cause: 'unauthorized' })
  t.same(run.kinds, ['renew'])
  run.tell({ kind: 'channels' }).tell({ kind: 'nudge' })
  t.same(run.open, [], 'nothing makes it start without')
  run.tell({ kind: 'token', renewAt: NEVER }).fail('websocket')
  run.tell({ kind: 'lost', id: run.id('sse'), cause: 'unauthorized' })
  t.match(run.state, { kind: 'closed', reason: 'unauthorized' })
})

t.test('a token that can not be had is asked for again after a backoff', async (t) => {
  const run = new Run({ renewable: true }).tell({ kind: 'token', renewAt: undefined })
  t.match(run.state, { kind: 'waiting', reason: 'token' })
  t.same(run.wait().kinds, ['renew'])
})

t.test('a token that does not come is asked for again, also while the old one still does', async (t) => {
  const run = new Run({ renewable: true })
  t.equal(deadline(run.state), run.now + TIMINGS.ready)
  t.match(run.wait().state, { kind: 'waiting', reason: 'token' })
  t.same(run.wait().kinds, ['renew'])
  run.tell({ kind: 'token', renewAt: run.now + 5_000 }).ready('websocket')
  t.same(run.wait().kinds, ['renew'])
  t.same(run.after(TIMINGS.ready).tell({ kind: 'tick' }).kinds, ['renew'])
})

t.test(
  'when all fail and the service can be reached, the token may be why: the next round has a new one',
  async (t) => {
    const run = new Run({ renewable: true, transports: ['websocket'] })
    run.tell({ kind: 'token', renewAt: NEVER }).fail('websocket')
    run.tell({ kind: 'checked', reachable: true })
    t.match(run.state, { kind: 'waiting', reason: 'blocked' })
    t.same(run.wait().kinds, ['renew'])
  },
)

t.test('a token that runs out is replaced in place on websocket, by a new stream on sse', async (t) => {
  for (const [transport, kinds, streams] of [
    ['websocket', ['token'], 1],
    ['sse', [], 2],
    ['long-poll', ['token'], 1],
  ] as const) {
    const run = new Run({ renewable: true, transports: [transport] })
    run.tell({ kind: 'token', renewAt: run.now + 5_000 }).ready(transport)
    t.same(run.wait().kinds, ['renew'])
    t.same(run.tell({ kind: 'token', renewAt: NEVER }).kinds, kinds, transport)
    t.equal(run.id(transport), streams, transport)
  }
})

t.test('two deaths after like silences are a time-out on the way, and are kept ahead of', async (t) => {
  const run = new Run().ready('websocket').after(10_000).fail('websocket').wait()
  t.equal(run.state.quiet, undefined)
  run.ready('websocket').after(10_100).fail('websocket').wait()
  t.equal(run.state.quiet, 5_050)
  t.same(run.open, ['websocket'])
})

t.test('a network change makes the stream show that it lives', async (t) => {
  const run = new Run().ready('websocket').tell({ kind: 'nudge' })
  t.same(run.kinds, ['ping'])
  t.equal(deadline(run.state), run.now + 5_000)
})

t.test('channels change in place on websocket, and by a new stream elsewhere', async (t) => {
  t.same(new Run().ready('websocket').tell({ kind: 'channels' }).kinds, ['channels'])
  const run = new Run({ transports: ['sse'] }).ready('sse').tell({ kind: 'channels' })
  t.same(run.kinds, [])
  t.equal(run.id('sse'), 2)
})

t.test('a paused stream holds nothing open, and goes on when it is told to', async (t) => {
  const run = new Run().ready('websocket').tell({ kind: 'pause' })
  t.same(run.open, [])
  t.equal(deadline(run.state), NEVER)
  t.same(run.tell({ kind: 'nudge' }).open, [])
  t.same(run.tell({ kind: 'resume' }).open, ['websocket'])
})

/** An event that could come in any state; `pick` chooses among the attempts, old ones too. */
const events = fc.oneof(
  fc.record({ kind: fc.constant('ready' as const), pick: fc.nat(3), heartbeat: fc.constant(HEARTBEAT) }),
  fc.record({ kind: fc.constant('heard' as const), pick: fc.nat(3) }),
  fc.record({ kind: fc.constant('bye' as const), pick: fc.nat(3), retryAfter: fc.nat(20_000) }),
  fc.record({
    kind: fc.constant('lost' as const),
    pick: fc.nat(3),
    cause: fc.constantFrom('failed', 'failed', 'planned', 'busy', 'unauthorized'),
    retryAfter: fc.nat(20_000),
  }),
  fc.record({ kind: fc.constant('checked' as const), reachable: fc.boolean() }),
  fc.record({ kind: fc.constant('token' as const), renewAt: fc.constantFrom(undefined, NEVER, 1_030_000) }),
  fc.constantFrom(
    { kind: 'channels' as const },
    { kind: 'nudge' as const },
    { kind: 'tick' as const },
    { kind: 'pause' as const },
    { kind: 'resume' as const },
  ),
)

t.test('whatever happens, in whatever order', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(events, fc.nat(30_000), fc.double({ min: 0, max: 0.999, noNaN: true })), {
        maxLength: 60,
      }),
      fc.boolean(),
      (story, renewable) => {
        let now = 1_000_000
        let state = initial({
          timings: TIMINGS,
          transports: ['tab', ...TRANSPORTS],
          renewable,
        })
        let used = 0
        let hadToken = false
        const tell = (event: Event, random: number): void => {
          if (event.kind === 'token' && event.renewAt !== undefined) hadToken = true
          const [next, effects] = step(state, event, now, random)
          state = next
          for (const effect of effects) if (effect.kind === 'use') used = effect.id
          const ids = state.attempts.map(({ id }) => id)
          holds(event.kind !== 'lost' || !ids.includes(event.id), 'what is lost is open no more')
          check(ids)
        }
        const check = (ids: readonly number[]): void => {
          const transports = state.attempts.map(({ transport }) => transport)
          same([...new Set(transports)], transports, 'no transport is open twice')
          if (state.kind === 'live') {
            same(state.attempts[0]?.id, used, 'one stream is in use')
            holds(state.attempts.length <= 2, 'and at most one is on trial')
          }
          if (state.kind !== 'live' && state.kind !== 'connecting')
            holds(ids.length === 0, 'resting is silent')
          holds(ids.length === 0 || !renewable || hadToken, 'nothing opens without a token')
          const isAwaited = state.awaiting !== undefined || state.reason === 'paused'
          holds(
            isAwaited || state.kind === 'closed' || deadline(state) < NEVER || state.kind === 'live',
            'way out',
          )
          if (state.kind === 'live') holds(state.silentAt < NEVER, 'a stream is watched')
          if (state.reason === 'lost' || state.reason === 'blocked' || state.kind === 'offline') {
            holds(state.until - now <= 20_000, 'a backoff has a bound')
          }
          holds(state.doubts['long-poll'] === undefined, 'the floor is never in doubt')
        }
        tell({ kind: 'resume' }, 0.5)
        for (const [event, pass, random] of story) {
          now += pass
          const id = 'pick' in event ? (state.attempts[event.pick]?.id ?? event.pick) : 0
          tell({ ...event, id } as Event, random)
          // Deadlines that have come are dealt with one by one, and that ends.
          for (let ticks = 0; deadline(state) <= now; ticks++) {
            holds(ticks < 20, 'a tick gets on')
            tell({ kind: 'tick' }, random)
          }
        }
        tell({ kind: 'close' }, 0.5)
        same(state.attempts, [], 'closing leaves nothing open')
      },
    ),
    { numRuns: 2_000 },
  )
})

function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

function same(actual: unknown, wanted: unknown, what: string): void {
  holds(JSON.stringify(actual) === JSON.stringify(wanted), `${what}: ${JSON.stringify(actual)}`)
}
