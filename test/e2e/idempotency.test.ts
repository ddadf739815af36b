import t from 'tap'
import { ChannelSet } from '../../src/protocol/channel-set.ts'
import { readAll } from '../contract/log/harness.ts'
import { publish } from '../support/clients/requests.ts'
import { startInstances } from '../support/instances.ts'
import { openLog, startNats } from '../support/nats.ts'

/** How many notifications are each sent to every instance at once. */
const COUNT = process.env['TIDINGS_TEST_LONG'] ? 1000 : 200
/** How many of them are on their way at the same time. */
const AT_ONCE = 10

t.test(
  'the same notification sent to three instances at once is stored once and answered alike',
  async (t) => {
    const { url } = await startNats(t)
    const instances = await startInstances(t, 3, url)
    const wrong: unknown[] = []
    let count = 0

    const sendAll = async (): Promise<void> => {
      while (count < COUNT) {
        const body = { channel: 'a', id: `n${count}`, data: count++ }
        const answers = await Promise.all(instances.map((instance) => publish(instance, body)))
        const outcomes = answers.flatMap(({ body }) => body.notifications)
        const statuses = answers.map(({ status }) => status).sort()
        const isAsOne =
          new Set(outcomes.map(({ cursor }) => cursor)).size === 1 &&
          outcomes.filter(({ duplicate }) => !duplicate).length === 1 &&
          statuses.join() === '200,200,201'
        if (!isAsOne) wrong.push({ statuses, outcomes })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, sendAll))

    t.strictSame(wrong, [], 'each has one cursor and one answer that is no duplicate')
    const log = openLog(t, { servers: [url] })
    await log.ready
    const stored = await readAll(log, new ChannelSet(['**']), 0)
    t.equal(stored.length, COUNT, 'each is stored once')
    t.equal(new Set(stored.map(({ id }) => id)).size, COUNT)
  },
)
