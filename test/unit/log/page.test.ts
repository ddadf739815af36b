import t from 'tap'
import type { Notification } from '../../../src/log/log.ts'
import { findNewest, LOOK_BACK, SCAN } from '../../../src/log/page.ts'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'

t.test('a search for the newest looks through so many notifications and no more', async (t) => {
  let looked = 0
  function* before(position: number): Generator<Notification> {
    for (let at = position - 1; at > 0; at--) {
      looked++
      yield { position: at, channel: 'crowd', id: 'x', time: 0, data: '1' }
    }
  }
  const end = 10 * LOOK_BACK
  const search = { channels: new ChannelSet(['nobody:*']), limit: 1, now: 0 }
  t.equal(await findNewest(before, search, end), end)
  t.ok(looked >= LOOK_BACK && looked <= LOOK_BACK + SCAN, `${looked}`)
})
