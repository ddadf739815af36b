import t from 'tap'
import type { LongPollAnswer } from '../../src/protocol/messages.ts'
import { OWN_TIMERS, type RunningApp, startApp } from '../support/app.ts'
import { curlHttp } from '../support/clients/http.ts'
import { get, publishNumbers } from '../support/clients/requests.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { getBytes, openRaw } from '../support/raw-http.ts'
import { until } from '../support/until.ts'

async function poll(
  service: RunningApp,
  query: string,
  headers: Record<string, string> = {},
): Promise<LongPollAnswer> {
  const { status, body } = await get(service, `/v1/stream?channel=a&${query}`, headers)
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body as LongPollAnswer
}

const numbers = ({ notifications }: LongPollAnswer) => notifications.map(({ data }) => data)

t.test('P-50 without a cursor the answer comes at once and has ready', async (t) => {
  const service = await startApp(t)
  await publishNumbers(service, 'a', 1, 3)
  const now = await poll(service, 'wait=60')
  t.strictSame(Object.keys(now), ['notifications', 'cursor', 'ready'])
  t.strictSame(now.notifications, [])
  const cursor = now.cursor
  t.strictSame(now.ready, { cursor, transport: 'long-poll', channels: ['a'], heartbeat: 60 })

  const newest = await poll(service, 'last=2&wait=60')
  t.strictSame(numbers(newest), [2, 3])
  t.ok(newest.ready)
  t.equal(newest.cursor, newest.notifications.at(-1)?.cursor)
})

t.test('P-51 with a cursor it comes as soon as there is something, at most limit of it', async (t) => {
  const service = await startApp(t)
  const { cursor } = await poll(service, '')
  const waiting = [poll(service, `cursor=${cursor}&wait=60`), poll(service, `cursor=${cursor}&wait=60`)]
  await publishNumbers(service, 'a', 1, 1)
  for (const answer of await Promise.all(waiting)) {
    t.strictSame(Object.keys(answer), ['notifications', 'cursor'])
    t.strictSame(numbers(answer), [1])
  }

  await publishNumbers(service, 'a', 2, 250)
  t.strictSame(numbers(await poll(service, `cursor=${cursor}&limit=2`)), [1, 2])
  t.equal((await poll(service, `cursor=${cursor}`)).notifications.length, 100)
  t.equal((await poll(service, `cursor=${cursor}&limit=1000`)).notifications.length, 250)
})

t.test('P-51 it comes after wait seconds with nothing and the cursor as it is by then', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock })
  const cases: [query: string, headers: Record<string, string>, seconds: number][] = [
    ['', {}, 25],
    ['wait=1', {}, 1],
    ['wait=60', {}, 60],
    ['', { prefer: 'wait=7' }, 7],
    ['', { prefer: 'respond-async, wait=8, handling=lenient' }, 8],
    ['', { prefer: 'wait=100' }, 60],
    ['', { prefer: 'wait=soon' }, 25],
    ['wait=3', { prefer: 'wait=9' }, 3],
  ]
  const { cursor } = await poll(service, '')
  for (const [query, headers, seconds] of cases) {
    let isAnswered = false
    const waiting = poll(service, `cursor=${cursor}&${query}`, headers).finally(() => {
      isAnswered = true
    })
    await until('it waits', () => clock.timers === OWN_TIMERS + 1)
    const [elsewhere] = await publishNumbers(service, 'other', 1, 1)
    await until('the instance has seen it', async () => (await poll(service, 'wait=0')).cursor === elsewhere)
    clock.pass(seconds * 1000 - 1)
    t.notOk(isAnswered)
    clock.pass(1)
    t.strictSame(await waiting, { notifications: [], cursor: elsewhere }, `${query} ${headers['prefer']}`)
  }
})

t.test('P-52 the answer is 200 with Content-Length, and the connection may be used again', async (t) => {
  const service = await startApp(t)
  await publishNumbers(service, 'a', 1, 2)
  const raw = await openRaw(t, service.port)
  for (const query of ['wait=60', 'cursor=earliest', 'cursor=earliest&limit=1', 'cursor=elsewhere-1']) {
    raw.socket.write(getBytes(`/v1/stream?channel=a&${query}`))
    const head = await raw.readThrough('\r\n\r\n')
    t.match(head, /^HTTP\/1.1 200 /)
    t.match(head, /content-type: application\/json; charset=utf-8/i)
    t.match(head, /cache-control: no-store/i)
    const body = await raw.read(Number(/content-length: (\d+)/i.exec(head)?.[1]))
    t.ok(JSON.parse(body.toString()), query)
  }
})

t.test('P-52 gap is a member of the answer, which comes at once though nothing is left', async (t) => {
  const service = await startApp(t)
  const answer = await poll(service, 'cursor=elsewhere-1&wait=60')
  t.strictSame(answer, {
    notifications: [],
    cursor: answer.cursor,
    gap: { cursor: answer.cursor, reason: 'epoch' },
  })
})

t.test('P-53 with wait=0 the whole history can be read, page by page', async (t) => {
  // No answer comes for time's sake: the clock stands still.
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { windowBytes: 64 * 1024 } })
  for (let n = 1; n <= 1000; n += 100) {
    await publishNumbers(service, 'a', n, n + 99)
    await publishNumbers(service, 'other', n, n + 99)
  }
  for (const limit of [1000, 73]) {
    const got: unknown[] = []
    let cursor = 'earliest'
    for (let pages = 0; got.length < 1000 && pages < 100; pages++) {
      const answer = await poll(service, `cursor=${cursor}&limit=${limit}&wait=0`)
      t.ok(answer.notifications.length <= limit)
      got.push(...numbers(answer))
      cursor = answer.cursor
    }
    t.strictSame(
      got,
      Array.from({ length: 1000 }, (_, i) => i + 1),
    )
    t.strictSame(numbers(await poll(service, `cursor=${cursor}&wait=0`)), [], 'and then there is nothing')
  }
})

t.test('P-53 curl reads the history', async (t) => {
  const service = await startApp(t)
  const cursors = await publishNumbers(service, 'a', 1, 3)
  let text = ''
  const url = `${service.url}/v1/stream?channel=a&cursor=${cursors[0]}&wait=0`
  for await (const chunk of curlHttp.get(url, {}, new AbortController().signal)) text += chunk
  t.strictSame(numbers(JSON.parse(text)), [2, 3])
})
