import type { Msg } from '@nats-io/transport-node'
import t from 'tap'
import { Appender } from '../../../../src/log/nats/append.ts'
import type { Link } from '../../../../src/log/nats/connection.ts'
import { Subjects } from '../../../../src/log/nats/subjects.ts'
import { draft } from '../../../contract/log/harness.ts'
import { until } from '../../../support/until.ts'

/** An appender on a connection where the test is the server. */
function open(patience = 10_000) {
  const published: string[] = []
  let answer: (msg: Msg) => void = () => {}
  const nc = {
    publish: (_subject: string, _data: string, { reply }: { reply: string }) => published.push(reply),
    subscribe: (_inbox: string, { callback }: { callback: (error: null, msg: Msg) => void }) => {
      answer = (msg) => callback(null, msg)
    },
  }
  const link = { nc } as unknown as Link
  const connection = {
    current: link,
    onLink(listener: (link: Link) => void) {
      listener(link)
      return () => {}
    },
  }
  const appender = new Appender(connection, new Subjects('tidings'), patience)
  /** Answers the publish sent as the `index`th. */
  const acknowledge = (index: number, ack: unknown): void => {
    const data = new TextEncoder().encode(JSON.stringify(ack))
    answer({ subject: published[index], data, json: () => ack } as unknown as Msg)
  }
  return { appender, published, acknowledge }
}

t.test('an acknowledgement without a position is none: the same is sent again', async (t) => {
  const { appender, published, acknowledge } = open()
  const appended = appender.append([draft('a')])
  acknowledge(0, { stream: 'tidings', seq: 0 })
  await until('it is sent again', () => published.length === 2)
  t.equal(published[1], published[0])
  acknowledge(1, { stream: 'tidings', seq: 7 })
  t.strictSame(await appended, [{ position: 7, duplicate: false }])
})

t.test('what the server refuses fails at its deadline with what it said', async (t) => {
  const { appender, acknowledge } = open(40)
  const appended = appender.append([draft('a')])
  acknowledge(0, { error: { description: 'no space' } })
  await t.rejects(appended, { name: 'LogUnavailable', message: /no space/ })
  await t.resolves(appender.drain(), 'and nothing of it is left')
})

t.test('of many, a bounded number is on the way, and each that is stored lets another go', async (t) => {
  const { appender, published, acknowledge } = open()
  const drafts = Array.from({ length: 1500 }, () => draft('a'))
  const appended = appender.append(drafts)
  t.equal(published.length, 1024)
  for (let i = 0; i < drafts.length; i++) {
    acknowledge(i, { seq: i + 1 })
    if (published.length !== Math.min(drafts.length, 1025 + i)) t.fail(`${published.length} after ${i}`)
  }
  t.strictSame(
    (await appended).map(({ position }) => position),
    drafts.map((_, i) => i + 1),
  )
})

t.test('of large ones, a bounded size is on the way', async (t) => {
  const { appender, published, acknowledge } = open()
  const data = JSON.stringify('x'.repeat(1024 * 1024))
  const appended = appender.append(Array.from({ length: 20 }, () => draft('a', { data })))
  t.equal(published.length, 7)
  for (let i = 0; i < 20; i++) acknowledge(i, { seq: i + 1 })
  t.equal((await appended).length, 20)
})

t.test('what is more than may wait is refused at once, until there is room', async (t) => {
  const { appender, published, acknowledge } = open()
  const data = JSON.stringify('x'.repeat(1024 * 1024))
  const drafts = () => Array.from({ length: 127 }, () => draft('a', { data }))
  const appended = appender.append(drafts())
  const before = published.length
  await t.rejects(appender.append([draft('a', { data })]), { name: 'LogUnavailable' })
  t.equal(published.length, before, 'and nothing of it is sent')
  for (let i = 0; i < 127; i++) acknowledge(i, { seq: i + 1 })
  await appended
  const after = appender.append([draft('a', { data })])
  acknowledge(127, { seq: 128 })
  t.strictSame(await after, [{ position: 128, duplicate: false }])
})
