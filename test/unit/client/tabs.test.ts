import t, { type Test } from 'tap'
import { connect, type Stream } from '../../../src/client/stream.ts'
import { FakeBrowser, type FakeTab } from '../../support/browser.ts'
import { type FakeSocket, fakeService } from '../../support/fake-service.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'

/** Tabs of one browser whose service and clock are in the test's hands. While no time passes, nobody goes alone. */
function openTabs(t: Test) {
  const browser = new FakeBrowser()
  const clock = new ManualClock()
  const { sockets, WebSocket } = fakeService()
  const open = (channels: readonly string[], tab: FakeTab = browser.tab()): Stream<unknown> => {
    const stream = connect('https://notify.example/', {
      ...tab,
      channels,
      WebSocket,
      transports: ['websocket'],
      now: clock.now,
      after: (ms, run) => clock.after(ms, run),
    })
    t.teardown(() => stream.close())
    return stream
  }
  const live = (stream: Stream<unknown>, transport: string): Promise<void> =>
    until(`live over ${transport}`, () => stream.status.transport === transport)
  /** Opens the tab that leads, with its stream at `cursor`. */
  async function lead(channels: readonly string[], cursor: string): Promise<[Stream<unknown>, FakeSocket]> {
    const stream = open(channels)
    // It has the lock by the next turn of the event loop, and leads 50 ms later.
    await until('a socket', () => {
      clock.pass(50)
      return sockets.length > 0
    })
    const [socket] = sockets as [FakeSocket]
    socket.ready(cursor)
    await live(stream, 'websocket')
    return [stream, socket]
  }
  return { browser, clock, sockets, open, lead, live }
}

const asked = ({ frames }: FakeSocket): string[] =>
  frames.flatMap((frame) => ('channels' in frame ? [`${frame.type} ${frame.channels}`] : []))

t.test('a tab follows only from where the service has confirmed the last change of channels', async (t) => {
  const { open, lead, live } = openTabs(t)
  const [, socket] = await lead(['own'], 'c-1')
  const before = open(['shared'])
  await until('asked for', () => asked(socket).length === 1)
  socket.tell({ type: 'subscribed', channels: ['own', 'shared'], cursor: 'c-2' })
  await live(before, 'tab')

  before.close()
  await until('dropped', () => asked(socket).length === 2)
  const after = open(['shared'])
  await until('asked for again', () => asked(socket).length === 3)
  t.same(asked(socket), ['subscribe shared', 'unsubscribe shared', 'subscribe shared'])
  socket.tell({ type: 'heartbeat', cursor: 'c-3' })
  socket.tell({ type: 'unsubscribed', channels: ['own'], cursor: 'c-4' })
  socket.tell({ type: 'subscribed', channels: ['own', 'shared'], cursor: 'c-5' })
  await live(after, 'tab')
  t.equal(after.cursor, 'c-5', 'of what was published before, nothing can have come')
})

t.test('channels that only a tab wanted that has crashed are dropped', async (t) => {
  const { browser, open, lead, live } = openTabs(t)
  const [, socket] = await lead(['own'], 'c-1')
  const tab = browser.tab()
  const follower = open(['own', 'its'], tab)
  await until('asked for', () => asked(socket).length === 1)
  socket.tell({ type: 'subscribed', channels: ['own', 'its'], cursor: 'c-2' })
  await live(follower, 'tab')
  tab.crash()
  await until('dropped', () => asked(socket).length === 2)
  t.same(asked(socket), ['subscribe its', 'unsubscribe its'])
})

t.test('tabs that want more channels together than one stream may have go alone', async (t) => {
  const { clock, open, lead, live, sockets } = openTabs(t)
  const names = (prefix: string): string[] => Array.from({ length: 60 }, (_, i) => `${prefix}:${i}`)
  const [leader, socket] = await lead(names('a'), 'c-1')
  const follower = open(names('b'))
  await until('a socket of its own', () => {
    clock.pass(100)
    return sockets.length === 2
  })
  sockets[1]?.ready('c-1')
  await live(follower, 'websocket')
  t.same(asked(socket), [])

  const third = open(names('c').slice(0, 30))
  await until('asked for', () => asked(socket).length === 1)
  socket.tell({ type: 'subscribed', channels: [], cursor: 'c-2' })
  await live(third, 'tab')
  leader.subscribe(...names('d').slice(0, 20))
  await until('it goes alone', () => third.status.transport === undefined)
  t.match(asked(socket)[1], /^subscribe d:0/)
  t.match(asked(socket)[2], /^unsubscribe c:0/)
})

for (const [how, refuse] of [
  ['in place', (socket: FakeSocket) => socket.tell({ type: 'error', code: 'forbidden', message: 'no' })],
  ['with a close', (socket: FakeSocket) => socket.end(4403)],
] as const) {
  t.test(`what others want and the service refuses ${how} ends no stream but theirs`, async (t) => {
    const { clock, open, lead, live, sockets } = openTabs(t)
    const [leader, socket] = await lead(['own'], 'c-1')
    const errors: string[] = []
    leader.on('error', ({ code }) => errors.push(code))
    const innocent = open(['own'])
    await live(innocent, 'tab')
    const other = open(['theirs'])
    await until('asked for', () => asked(socket).length === 1)
    refuse(socket)
    await until('opened anew', () => {
      clock.pass(100)
      return sockets.some((one) => one !== socket && `${one.channels}` === 'own')
    })
    t.same(errors, [])
    sockets.find((one) => one !== socket && `${one.channels}` === 'own')?.ready('c-1')
    await live(leader, 'websocket')
    t.equal(innocent.status.transport, 'tab', 'who wants what the leader wants goes on')
    await until('on its own', () => {
      clock.pass(100)
      return sockets.some(({ channels }) => `${channels}` === 'theirs')
    })
    sockets.find(({ channels }) => `${channels}` === 'theirs')?.end(4403)
    await until('closed', () => other.status.state === 'closed')
    t.equal(other.status.reason, 'refused')
    t.equal(leader.status.state, 'live')
    t.notOk(
      sockets.some(({ channels }) => channels.length > 1),
      'and nobody asks for both again',
    )
  })
}

t.test('a leader whose token is not good any more ends alone, and another leads', async (t) => {
  const { clock, open, lead, live, sockets } = openTabs(t)
  const [leader, socket] = await lead(['own'], 'c-1')
  const follower = open(['own'])
  await live(follower, 'tab')
  socket.tell({ type: 'bye', reason: 'token-expired', retryAfter: 0, cursor: 'c-2' } as never)
  socket.end(4401)
  t.match(leader.status, { state: 'closed', reason: 'unauthorized' })
  await until('a socket of its own', () => {
    clock.pass(50)
    return sockets.length === 2
  })
  sockets[1]?.ready('c-1')
  await live(follower, 'websocket')
  t.equal(sockets[1]?.url.searchParams.get('cursor'), 'c-1')
})
