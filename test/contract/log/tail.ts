import type { Test } from 'tap'
import type { Bounds, Log, Notification } from '../../../src/log/log.ts'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { until } from '../../support/until.ts'
import { draft, type LogHarness, readAll } from './harness.ts'

/** Follows `log` and keeps what came. */
function follow(log: Log, after: number) {
  const batches: Notification[][] = []
  const resets: Bounds[] = []
  const stop = log.tail(
    after,
    (batch) => batches.push([...batch]),
    (bounds) => resets.push(bounds),
  )
  return { batches, resets, stop, seen: () => batches.flat().map(({ position }) => position) }
}

/** The part of the contract suite about `Log.tail`. */
export async function tailTests(t: Test, { open }: LogHarness): Promise<void> {
  t.test('it begins after a position and brings whole notifications, later ones too', async (t) => {
    const { log } = await open(t)
    const [first] = await log.append([draft('a'), draft('b', { type: 'x', ttl: 60 })])
    const tail = follow(log, first?.position ?? 0)
    t.strictSame(tail.batches, [], 'not from within the call')
    await log.append([draft('c', { data: '"🌍"' })])
    await until('both have come', () => tail.seen().length === 2)
    t.strictSame(tail.batches.flat(), (await readAll(log, new ChannelSet(['**']), 0)).slice(1))
  })

  t.test('it brings what has expired: whoever delivers must look', async (t) => {
    const { log, pass } = await open(t)
    await log.append([draft('a', { ttl: 1 })])
    await pass(2)
    const tail = follow(log, 0)
    await until('it has come', () => tail.seen().length === 1)
  })

  t.test('a quiet log calls nobody, and no batch is empty', async (t) => {
    const { log } = await open(t)
    await log.append([draft('a', { id: 'same' })])
    const tail = follow(log, (await log.bounds()).last)
    await log.append([draft('a', { id: 'same' })])
    await log.append([])
    await log.append([draft('a')])
    await until('it has come', () => tail.batches.length > 0)
    t.equal(tail.batches.length, 1)
    t.equal(tail.batches[0]?.length, 1)
  })

  t.test('once stopped it calls no more, even from within a batch', async (t) => {
    const { log } = await open(t)
    const outcomes = await log.append([draft('a')])
    const start = (outcomes[0]?.position ?? 0) - 1
    let calls = 0
    const stop = log.tail(
      start,
      () => {
        calls++
        stop()
      },
      () => {},
    )
    const gone = follow(log, start)
    gone.stop()
    const other = follow(log, start)
    await until('the others have it', () => calls === 1 && other.seen().length === 1)
    await log.append([draft('a')])
    await until('the last one has it', () => other.seen().length === 2)
    t.equal(calls, 1)
    t.strictSame(gone.seen(), [])
  })

  t.test('what retention has taken before it could be brought is said, and the rest follows', async (t) => {
    const data = JSON.stringify('x'.repeat(40_000))
    const { log } = await open(t, { retentionBytes: 100_000 })
    await log.append(Array.from({ length: 10 }, () => draft('a', { data })))
    const tail = follow(log, 0)
    await log.append([draft('a', { id: 'last' })])
    await until('the last has come', () => tail.batches.flat().at(-1)?.id === 'last')
    t.equal(tail.resets.length, 1)
    t.equal(tail.seen()[0], tail.resets[0]?.first, 'it goes on where the log now begins')
    t.equal(tail.resets[0]?.epoch, (await log.bounds()).epoch)
  })

  t.test('close ends it', async (t) => {
    const { log } = await open(t)
    const tail = follow(log, 0)
    await log.append([draft('a')])
    await log.close()
    const { length } = tail.batches
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    t.equal(tail.batches.length, length)
  })

  t.test('tails without gap or repeat while appends go on, wherever they begin', async (t) => {
    const { log } = await open(t)
    const everything = new ChannelSet(['**'])
    const tails = [{ after: 0, tail: follow(log, 0) }]
    let appended = 0
    const appends: Promise<unknown>[] = []
    for (let i = 0; i < 300; i++) {
      const size = 1 + Math.floor(Math.random() ** 4 * 200)
      appended += size
      appends.push(log.append(Array.from({ length: size }, () => draft(`c${i % 7}`))))
      if (i % 10 === 9) await Promise.race(appends.slice(-10))
      if (i % 50 === 25) {
        const { last } = await log.bounds()
        for (const after of [last, Math.floor(last / 2)]) tails.push({ after, tail: follow(log, after) })
      }
    }
    await Promise.all(appends)
    const { last } = await log.bounds()
    const positions = (await readAll(log, everything, 0)).map(({ position }) => position)
    t.equal(positions.length, appended)
    for (const { after, tail } of tails) {
      await until('the tail has come to the end', () => tail.seen().at(-1) === last || after === last)
      t.strictSame(
        tail.seen(),
        positions.filter((position) => position > after),
      )
    }
  })
}
