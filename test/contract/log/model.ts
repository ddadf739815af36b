import fc from 'fast-check'
import type { Test } from 'tap'
import type { Draft, Log } from '../../../src/log/log.ts'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { type LogHarness, readAll } from './harness.ts'

interface Stored {
  readonly position: number
  readonly draft: Draft
}

/** What the log should do, in the simplest way: one array. */
interface Model {
  readonly stored: Stored[]
  appended: number
}

const channel = fc.constantFrom('a', 'b', 'b:1', 'b:2', 'c:1:x')
const pattern = fc.constantFrom('*', '**', 'b:*', 'b:**', 'c:**', '*:1')
const channels = fc
  .array(fc.oneof(channel, pattern), { minLength: 1, maxLength: 4 })
  .map((set) => new ChannelSet(set))
const drafts = fc.array(fc.record({ channel, id: fc.constantFrom('1', '2', '3', undefined) }), {
  maxLength: 6,
})

class AppendCommand implements fc.AsyncCommand<Model, Log> {
  readonly drafts: readonly { readonly channel: string; readonly id: string | undefined }[]
  constructor(drafts: AppendCommand['drafts']) {
    this.drafts = drafts
  }
  check = () => true
  async run(model: Model, log: Log): Promise<void> {
    const named = this.drafts.map(({ channel, id }) => ({ channel, id: id ?? `new-${model.appended++}` }))
    const drafts = named.map((draft, i) => ({ ...draft, data: `${model.stored.length + i}` }))
    const outcomes = await log.append(drafts)
    same(outcomes.length, drafts.length)
    for (const [i, draft] of drafts.entries()) {
      const outcome = outcomes[i]
      const first = model.stored.find((s) => s.draft.channel === draft.channel && s.draft.id === draft.id)
      if (first) same(outcome, { position: first.position, duplicate: true })
      else {
        same(outcome?.duplicate, false)
        const position = outcome?.position ?? 0
        same(position > (model.stored.at(-1)?.position ?? 0), true)
        model.stored.push({ position, draft })
      }
    }
  }
  toString = () => `append(${JSON.stringify(this.drafts)})`
}

class ReadCommand implements fc.AsyncCommand<Model, Log> {
  readonly channels: ChannelSet
  readonly from: number
  readonly limit: number
  constructor(channels: ChannelSet, from: number, limit: number) {
    this.channels = channels
    this.from = from
    this.limit = limit
  }
  check = () => true
  async run({ stored }: Model, log: Log): Promise<void> {
    const after = stored[this.from % (stored.length + 1)]?.position ?? 0
    const wanted = stored.filter(
      ({ position, draft }) => position > after && this.channels.has(draft.channel),
    )
    const page = await log.read(this.channels, after, this.limit)
    same(page.gap, false)
    same(page.notifications.length <= this.limit, true)
    const all = [...page.notifications, ...(await readAll(log, this.channels, page.through, this.limit))]
    same(all.map(content), wanted.map(expected))
  }
  toString = () => `read([${[...this.channels]}], after #${this.from}, ${this.limit})`
}

class NewestCommand implements fc.AsyncCommand<Model, Log> {
  readonly channels: ChannelSet
  readonly count: number
  constructor(channels: ChannelSet, count: number) {
    this.channels = channels
    this.count = count
  }
  check = () => true
  async run({ stored }: Model, log: Log): Promise<void> {
    const wanted = stored.filter(({ draft }) => this.channels.has(draft.channel)).slice(-this.count)
    const place = await log.newest(this.channels, this.count)
    same((await readAll(log, this.channels, place)).map(content), wanted.map(expected))
  }
  toString = () => `newest([${[...this.channels]}], ${this.count})`
}

const content = ({ position, channel, id, data }: { position: number } & Draft) => [
  position,
  channel,
  id,
  data,
]
const expected = ({ position, draft }: Stored) => content({ position, ...draft })

function same(actual: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(wanted)]
  if (a !== b) throw new Error(`got ${a}, not ${b}`)
}

/** Runs random sequences of calls against a driver and the model side by side. */
export async function modelTest(t: Test, { open }: LogHarness): Promise<void> {
  const commands = fc.commands(
    [
      drafts.map((drafts) => new AppendCommand(drafts)),
      fc
        .tuple(channels, fc.nat(40), fc.integer({ min: 1, max: 5 }))
        .map(([channels, from, limit]) => new ReadCommand(channels, from, limit)),
      fc
        .tuple(channels, fc.integer({ min: 1, max: 5 }))
        .map(([channels, count]) => new NewestCommand(channels, count)),
    ],
    { maxCommands: 30 },
  )
  const property = fc.asyncProperty(commands, async (commands) => {
    const { log } = await open(t)
    await fc.asyncModelRun(() => ({ model: { stored: [], appended: 0 }, real: log }), commands)
    await log.close()
  })
  await t.resolves(fc.assert(property, { numRuns: 30 }))
}
