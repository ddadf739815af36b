import t from 'tap'
import { initial } from '../../../src/client/machine/machine.ts'
import type { State } from '../../../src/client/machine/state.ts'
import { TIMINGS } from '../../../src/client/machine/timings.ts'
import { recall, remember } from '../../../src/client/memory.ts'
import { type Platform, surroundings } from '../../../src/client/platform.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const ORIGIN = 'https://notify.example'
const TRANSPORTS = ['websocket', 'sse', 'long-poll'] as const

function platformWith(clock: ManualClock, storage = new Map<string, string>()): Platform {
  return {
    ...surroundings(),
    now: clock.now,
    storage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => void storage.set(key, value),
    },
  }
}

function liveOver(transport: State['attempts'][number]['transport']): State {
  const state = initial({ timings: TIMINGS, transports: TRANSPORTS, renewable: false })
  return { ...state, kind: 'live', attempts: [{ id: 1, transport, via: '', lateAt: 0 }], quiet: 4_000 }
}

t.test('what worked goes first on the next visit, and what is better is looked at soon', async (t) => {
  const clock = new ManualClock()
  const platform = platformWith(clock)
  remember(platform, ORIGIN, liveOver('sse'))
  t.same(recall(platform, ORIGIN, TRANSPORTS, 3_000), {
    quiet: 4_000,
    doubts: { websocket: { aloneUntil: clock.now() + 3_000, aloneFor: 3_000 } },
  })
})

t.test('it is believed for an hour, and for its origin', async (t) => {
  const clock = new ManualClock()
  const platform = platformWith(clock)
  const nothing = { quiet: undefined, doubts: {} }
  remember(platform, ORIGIN, liveOver('sse'))
  t.same(recall(platform, 'https://other.example', TRANSPORTS, 3_000), nothing)
  clock.pass(3_601_000)
  t.same(recall(platform, ORIGIN, TRANSPORTS, 3_000), nothing)
})

t.test('that another tab leads is not remembered', async (t) => {
  const platform = platformWith(new ManualClock())
  remember(platform, ORIGIN, liveOver('sse'))
  remember(platform, ORIGIN, liveOver('tab'))
  t.ok(recall(platform, ORIGIN, TRANSPORTS, 3_000).doubts.websocket)
})

t.test('a storage that is missing, forbidden or broken is as good as an empty one', async (t) => {
  const platform = platformWith(new ManualClock(), new Map([[`tidings:${ORIGIN}`, '{']]))
  const forbidden = () => {
    throw new Error('SecurityError')
  }
  for (const storage of [undefined, platform.storage, { getItem: forbidden, setItem: forbidden }]) {
    t.same(recall({ ...platform, storage }, ORIGIN, TRANSPORTS, 3_000).doubts, {})
  }
  t.doesNotThrow(() =>
    remember({ ...platform, storage: { getItem: forbidden, setItem: forbidden } }, ORIGIN, liveOver('sse')),
  )
})
