import t, { type Test } from 'tap'
import { EVERYONE, type Principal } from '../../../src/auth/principal.ts'
import { REVOCATIONS, type Revocation, toDraft } from '../../../src/auth/revocation.ts'
import { MAX_REVOCATIONS, Revocations, TooManyRevocations } from '../../../src/auth/revocations.ts'
import {
  type Appended,
  type Bounds,
  type Draft,
  type Log,
  LogUnavailable,
  type Notification,
  type Page,
  startLogStats,
} from '../../../src/log/log.ts'
import { openMemoryLog } from '../../../src/log/memory.ts'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { Hub } from '../../../src/stream/hub.ts'
import { draft, EVERYTHING, logOptions, readAll } from '../../contract/log/harness.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'

const HOUR = 3_600_000

/** Some instances on one log, which lasts an hour by default, and a clock in the test's hands. */
class Rig {
  readonly clock = new ManualClock(setImmediate)
  readonly log: Log
  readonly #t: Test

  constructor(t: Test, retention: { retentionSeconds?: number; retentionBytes?: number } = {}) {
    this.#t = t
    this.log = openMemoryLog(logOptions(retention), this.clock.now)
    t.teardown(() => this.log.close())
  }

  /** An instance that comes, and the times at which it looked through its streams. */
  async instance(log: Log = this.log): Promise<{ revocations: Revocations; looks: number[] }> {
    const { clock } = this
    const hub = new Hub({ log, clock, windowBytes: 1024 * 1024 })
    const looks: number[] = []
    const onRevoked = () => looks.push(clock.now())
    const revocations = new Revocations({ hub, retentionSeconds: 3600, onRevoked })
    this.#t.teardown(() => {
      revocations.close()
      hub.close()
    })
    await hub.open()
    return { revocations, looks }
  }

  /** A revocation that holds for so many hours from now. */
  revocation(value: string, hours = 5): Revocation {
    return { claim: 'sub', value, until: this.clock.now() + hours * HOUR }
  }

  /** What lies on the channel now. */
  async stored(): Promise<Notification[]> {
    return readAll(this.log, new ChannelSet([REVOCATIONS]), (await this.log.bounds()).first - 1)
  }

  /** Lets hours pass in steps of a minute, with what happens meanwhile, and work be done after each. */
  async pass(hours: number, meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
    for (let minute = 0; minute < hours * 60; minute++) {
      this.clock.pass(60_000)
      await meanwhile()
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    }
  }
}

function isKnown(revocations: Revocations): boolean {
  try {
    revocations.demandKnown()
    return true
  } catch {
    return false
  }
}

function someone(subject: string): Principal {
  return { ...EVERYONE, subject }
}

t.test('what one instance adds all learn from the log, also one that comes later', async (t) => {
  const rig = new Rig(t)
  const [one, other] = [await rig.instance(), await rig.instance()]
  await until('the log has been read', () => isKnown(one.revocations) && isKnown(other.revocations))
  await one.revocations.add(rig.revocation('42'))
  const later = await rig.instance()
  for (const { revocations } of [one, other, later]) {
    await until('it is known', () => revocations.revokes(someone('42')))
    t.notOk(revocations.revokes(someone('43')))
  }
})

t.test('until the log has been read to its end nothing is known', async (t) => {
  const rig = new Rig(t)
  await rig.log.append(Array.from({ length: 10 }, () => draft('a')))
  let reads = 0
  const slow: Log = {
    stats: rig.log.stats,
    schedule: rig.log.schedule,
    peers: rig.log.peers,
    append: (drafts) => rig.log.append(drafts),
    tail: (after, onBatch, onReset) => rig.log.tail(after, onBatch, onReset),
    async read(channels, after, limit) {
      reads++
      if (reads === 1) throw new LogUnavailable('not yet')
      return rig.log.read(channels, after, limit)
    },
    newest: (channels, count) => rig.log.newest(channels, count),
    bounds: () => rig.log.bounds(),
    close: () => rig.log.close(),
  }
  const { revocations } = await rig.instance(slow)
  await until('it has been tried', () => reads === 1)
  t.notOk(isKnown(revocations))
  await t.rejects(revocations.add(rig.revocation('42')), LogUnavailable)
  await until('it is tried again', () => {
    rig.clock.pass(500)
    return isKnown(revocations)
  })
})

t.test('a log that is reached late is followed from then on', async (t) => {
  const rig = new Rig(t)
  await rig.log.append([toDraft(rig.revocation('42'), 'one', rig.clock.now())])
  const log = new SwitchingLog(rig.log)
  log.isReachable = false
  const { revocations } = await rig.instance(log)
  t.notOk(isKnown(revocations))
  log.isReachable = true
  rig.clock.pass(500)
  await until('the log has been read', () => isKnown(revocations))
  t.ok(revocations.revokes(someone('42')))
})

t.test('revocations that come together have the streams looked through once', async (t) => {
  const rig = new Rig(t)
  const { revocations, looks } = await rig.instance()
  await until('the log has been read', () => isKnown(revocations))
  const start = rig.clock.now()
  for (const sub of ['1', '2', '3']) {
    await revocations.add(rig.revocation(sub))
    await until('it is known', () => revocations.revokes(someone(sub)))
  }
  t.strictSame(looks, [])
  rig.clock.pass(1000)
  t.equal(looks.length, 1)
  t.ok((looks[0] ?? 0) - start <= 250)
})

t.test('a revocation outlives retention by age, whoever of the instances renews it', async (t) => {
  const rig = new Rig(t)
  const instances = [await rig.instance(), await rig.instance()]
  const [one] = instances
  await until('the log has been read', () => instances.every(({ revocations }) => isKnown(revocations)))
  await one?.revocations.add(rig.revocation('42', 5))
  let most = 0
  await rig.pass(4.5, async () => {
    most = Math.max(most, (await rig.stored()).length)
  })
  t.ok(most <= 2, `it lies there once, or twice for a while, and not ${most} times`)
  const late = await rig.instance()
  await until('a new instance knows it', () => late.revocations.revokes(someone('42')))
  await rig.pass(0.6)
  t.notOk(late.revocations.revokes(someone('42')), 'it lapses')
  await rig.pass(1)
  t.strictSame(await rig.stored(), [], 'and is renewed no more')
})

t.test('a revocation outlives retention by bytes', async (t) => {
  const rig = new Rig(t, { retentionBytes: 100_000, retentionSeconds: 36_000 })
  const { revocations } = await rig.instance()
  await until('the log has been read', () => isKnown(revocations))
  await revocations.add(rig.revocation('42', 5))
  const data = JSON.stringify('x'.repeat(1000))
  await rig.pass(4, () => rig.log.append(Array.from({ length: 5 }, () => draft('a', { data }))))
  t.ok((await rig.log.bounds()).first > 1000, 'what was there at first is long gone')
  t.ok((await rig.stored()).length <= 2)
  const late = await rig.instance()
  await until('a new instance knows it', () => late.revocations.revokes(someone('42')))
})

/** A log that becomes another one, or can't be reached. */
class SwitchingLog implements Log {
  readonly stats = startLogStats()
  current: Log
  isReachable = true
  /** what reads wait for */
  hold: Promise<void> = Promise.resolve()
  #follow: (after: number) => void = () => {}
  #reset: (bounds: Bounds) => void = () => {}
  #stop: () => void = () => {}

  constructor(first: Log) {
    this.current = first
  }

  get peers(): Log['peers'] {
    return this.current.peers
  }

  get schedule(): Log['schedule'] {
    return this.current.schedule
  }

  tail(...[after, onBatch, onReset]: Parameters<Log['tail']>): () => void {
    this.#reset = onReset
    this.#follow = (start) => {
      this.#stop = this.current.tail(start, onBatch, onReset)
    }
    this.#follow(after)
    return () => this.#stop()
  }

  async switchTo(next: Log): Promise<void> {
    this.#stop()
    this.current = next
    const bounds = await next.bounds()
    this.#reset(bounds)
    this.#follow(bounds.first - 1)
  }

  async read(...question: Parameters<Log['read']>): Promise<Page> {
    const { current } = this
    await this.hold
    return current.read(...question)
  }

  append(drafts: readonly Draft[]): Promise<Appended[]> {
    return this.current.append(drafts)
  }

  newest(...question: Parameters<Log['newest']>): Promise<number> {
    return this.current.newest(...question)
  }

  async bounds(): Promise<Bounds> {
    if (!this.isReachable) throw new LogUnavailable('not yet')
    return this.current.bounds()
  }

  async close(): Promise<void> {}
}

t.test('in another log what was known still holds, and is appended to that', async (t) => {
  const [rig, next] = [new Rig(t), new Rig(t)]
  const log = new SwitchingLog(rig.log)
  const { revocations } = await rig.instance(log)
  await until('the log has been read', () => isKnown(revocations))
  await revocations.add(rig.revocation('42'))
  await until('it is known', () => revocations.revokes(someone('42')))
  await log.switchTo(next.log)
  t.ok(revocations.revokes(someone('42')))
  await rig.pass(0.1)
  const late = await next.instance()
  await until('a new instance knows it', () => late.revocations.revokes(someone('42')))
})

t.test('a log that becomes another one while it is read is not taken for that', async (t) => {
  const [rig, next] = [new Rig(t), new Rig(t)]
  const log = new SwitchingLog(rig.log)
  await rig.log.append(Array.from({ length: 10 }, () => draft('a')))
  await next.log.append([toDraft(rig.revocation('42'), 'one', rig.clock.now())])
  let release: () => void = () => {}
  log.hold = new Promise((resolve) => {
    release = resolve
  })
  const { revocations } = await rig.instance(log)
  await log.switchTo(next.log)
  release()
  await until('it is known', () => revocations.revokes(someone('42')))
})

t.test('beyond the bound one more is refused, but not one for tokens that are on the list', async (t) => {
  const rig = new Rig(t)
  const drafts = Array.from({ length: MAX_REVOCATIONS }, (_, i) => ({
    channel: REVOCATIONS,
    id: `${i}`,
    data: JSON.stringify({ jti: `${i}`, until: new Date(rig.clock.now() + 60_000).toISOString() }),
  }))
  await rig.log.append(drafts)
  const { revocations } = await rig.instance()
  await until('the log has been read', () => isKnown(revocations), 30)
  const last = { ...EVERYONE, tokenId: `${MAX_REVOCATIONS - 1}` }
  t.ok(revocations.revokes(last))
  await t.rejects(revocations.add(rig.revocation('42')), TooManyRevocations)
  await revocations.add({ claim: 'jti', value: '7', until: rig.clock.now() + 2 * HOUR })
  await until('it has come', () => rig.log.bounds().then(({ last }) => last > MAX_REVOCATIONS))
  rig.clock.pass(60_000)
  t.notOk(revocations.revokes(last))
  await revocations.add(rig.revocation('42'))
  t.pass('when the others have lapsed there is room again')
})

t.test('what is no revocation is passed over', async (t) => {
  const rig = new Rig(t)
  const data = ['{', '1', 'null', '{"sub":"a"}', '{"sub":"a","jti":"b","until":"2030-01-01T00:00:00Z"}']
  await rig.log.append(data.map((text) => draft(REVOCATIONS, { data: text })))
  const { revocations } = await rig.instance()
  await until('the log has been read', () => isKnown(revocations))
  t.notOk(revocations.revokes(someone('a')))
  t.strictSame(await readAll(rig.log, EVERYTHING, 0), [], 'nobody else sees the channel')
})
