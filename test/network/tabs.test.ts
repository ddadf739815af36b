import t from 'tap'
import { startChromium } from '../support/network/chromium.ts'
import { Feed } from '../support/network/feed.ts'
import { startNetworkProxy } from '../support/network/proxy.ts'
import { resultOf } from '../support/network/result.ts'
import { serveTidings } from '../support/network/service.ts'

/** How long anything may take, in seconds. */
const PATIENCE = 20

t.test(
  'two tabs in one Chromium hold one connection, and the second goes on when the first is closed',
  async (t) => {
    const { port, publish } = await serveTidings(t)
    const proxy = await startNetworkProxy(t, port)
    let streams = 0
    proxy.set({
      begun({ onEnd }) {
        streams++
        onEnd(() => streams--)
      },
    })
    const browser = await startChromium(t)
    const profile = await browser.openProfile(t, proxy)
    const feed = new Feed(publish)
    t.teardown(() => feed.pause())
    feed.start()

    const first = await profile.openTab()
    await first.begin()
    await first.record.until('live', () => first.record.transport === 'websocket', PATIENCE)
    const second = await profile.openTab()
    await second.begin()
    await second.record.until('live', () => second.record.transport === 'tab', PATIENCE)
    await second.record.until('some', () => second.record.numbers.length > 5, PATIENCE)
    t.equal(streams, 1, 'both live by one connection')

    await first.close()
    await second.record.until('leads', () => second.record.transport === 'websocket', PATIENCE)
    const last = await feed.pause()
    await second.record.until(`number ${last}`, () => second.record.numbers.includes(last), PATIENCE)
    t.equal(streams, 1)
    const { missing, repeated, isInOrder } = resultOf(second.record, feed, undefined)
    t.same({ missing, repeated, isInOrder }, { missing: 0, repeated: 0, isInOrder: true })
    t.same(second.record.troubles, [])
  },
)
