import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Numbered, type PacedStream, pacedStreams, type StreamMessage } from '../support/paced-stream.ts'
import { startService } from '../support/service.ts'

/** 200 MB in notifications of 50,000 bytes, ten a request. */
const SIZE = 50_000
const BATCH = 10
const COUNT = 4_000
/** After so many, V8's heap has grown to what the garbage of publishing and delivering takes: some 100 MiB. */
const WARM_UP = 1_500

const STUCK_OF_EACH = 100
const WINDOW_MIB = 8
/** Issue 2: what the process may grow by, apart from the window. */
const GROWTH_MIB = 64

/** Of the stuck clients of each transport: so many read everything on their connection, so many come back with their cursor. */
const READ_ON = 3
const COME_BACK = 5

const PADDING = 'x'.repeat(SIZE)

type Teardown = Parameters<typeof startService>[0]
/** The number of a notification, or a gap. */
type Got = number | 'gap'
type Kind = keyof typeof pacedStreams
const KINDS: readonly Kind[] = ['websocket', 'sse']

interface Service {
  readonly url: string
  readonly pid: number
}

/** A service with the embedded log whose clients may be stuck as long as they like. */
async function startPatient(t: Teardown, settings: Record<string, string>): Promise<Service> {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-back-pressure-'))
  const service = startService(t, {
    TIDINGS_LOG: 'embedded',
    TIDINGS_DATA_DIR: directory,
    TIDINGS_HEARTBEAT_SECONDS: '3600',
    TIDINGS_STALL_SECONDS: '86400',
    TIDINGS_MAX_AGE_SECONDS: '0',
    ...settings,
  })
  t.teardown(() => rm(directory, { recursive: true }))
  return { pid: Number(service.process.pid), url: await service.url }
}

/** Opens streams that read no further than `ready`; gives their cursors. */
async function openStuck(url: string, kind: Kind, count: number) {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const stream = pacedStreams[kind](url, 'channel=news')
      const ready = await stream.next()
      if (ready.type !== 'ready') throw new Error(`${ready.type} came first`)
      return { stream, cursor: ready.cursor }
    }),
  )
}

/** Publishes `count` notifications on `channel`, numbered from 0; gives the memory that the service had after each request. */
async function publish({ url, pid }: Service, channel: string, count: number): Promise<Memory[]> {
  const run = randomUUID()
  const samples: Memory[] = []
  for (let from = 0; from < count; from += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, i) => {
      const data: Numbered = { n: from + i, padding: PADDING }
      return { channel, id: `${run}-${from + i}`, data }
    })
    const response = await fetch(`${url}/v1/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(batch),
    })
    await response.arrayBuffer()
    if (response.status !== 201) throw new Error(`status ${response.status}`)
    samples.push(await memoryOf(pid))
  }
  return samples
}

/** Reads on until notification `last`; gives the numbers in the order in which they came, with `gap` where one was. */
async function readThrough(stream: PacedStream, last: number): Promise<Got[]> {
  const got: Got[] = []
  while (got.at(-1) !== last) {
    const message: StreamMessage = await stream.next()
    if (message.type === 'gap') got.push('gap')
    if (message.type !== 'notification') continue
    const { n, padding } = message.notification.data
    if (padding !== PADDING) throw new Error(`${n} is damaged`)
    got.push(n)
  }
  stream.close()
  return got
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

interface Memory {
  readonly own: number
  readonly resident: number
}

/**
 * The memory that a process has for itself, and all that is resident, in MiB. Pages of files (RssFile) are not its own: the log's file
 * is mapped, and what is resident of it is the kernel's cache, which it takes back when it needs the memory.
 */
async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { own: mib('RssAnon'), resident: mib('VmRSS') }
}

/**
 * What is the process's own in the later half, at the least: its memory goes up and down by 50 MiB as V8 lets garbage lie and collects
 * it, and what it holds is there after a collection, too.
 */
function levelOf(samples: readonly Memory[]): number {
  return Math.min(...samples.slice(samples.length / 2).map(({ own }) => own))
}

t.test('200 stuck clients cost constant memory, and lose nothing', async (t) => {
  const service = await startPatient(t, { TIDINGS_WINDOW_BYTES: `${WINDOW_MIB} MiB` })
  const { url } = service
  const stuck = new Map(
    await Promise.all(KINDS.map(async (kind) => [kind, await openStuck(url, kind, STUCK_OF_EACH)] as const)),
  )

  const reading = KINDS.map((kind) =>
    readThrough(pacedStreams[kind](url, 'channel=elsewhere&cursor=earliest'), WARM_UP - 1),
  )
  const before = await publish(service, 'elsewhere', WARM_UP)
  t.strictSame(await Promise.all(reading), [upTo(WARM_UP), upTo(WARM_UP)], 'who reads gets everything')
  const after = await publish(service, 'news', COUNT)
  for (const [when, samples] of Object.entries({ before, after })) {
    const most = (key: keyof Memory) => Math.round(Math.max(...samples.map((memory) => memory[key])))
    t.comment(
      `${when}: ${Math.round(levelOf(samples))} MiB, at most ${most('own')}, resident ${most('resident')}`,
    )
  }
  const grown = levelOf(after) - levelOf(before)
  t.ok(grown <= GROWTH_MIB + WINDOW_MIB, `grew by ${grown.toFixed(1)} MiB`)

  for (const kind of KINDS) {
    const clients = stuck.get(kind) ?? []
    for (const { stream } of clients.slice(READ_ON)) stream.close()
    for (const { stream } of clients.slice(0, READ_ON)) {
      t.strictSame(await readThrough(stream, COUNT - 1), upTo(COUNT), `${kind}: everything, in order, once`)
    }
    for (const { cursor } of clients.slice(READ_ON, READ_ON + COME_BACK)) {
      const stream = pacedStreams[kind](url, `channel=news&cursor=${cursor}`)
      t.strictSame(await readThrough(stream, BATCH - 1), upTo(BATCH), `${kind}: from the cursor on`)
    }
  }
})

t.test('a stuck client whose place retention has passed is told of the gap, and gets the rest', async (t) => {
  const service = await startPatient(t, {
    TIDINGS_WINDOW_BYTES: '1 MiB',
    TIDINGS_RETENTION_BYTES: '8 MiB',
  })
  const count = 600
  for (const kind of KINDS) {
    const [client] = await openStuck(service.url, kind, 1)
    await publish(service, 'news', count)
    const got = client ? await readThrough(client.stream, count - 1) : []
    t.ok(got.includes('gap'), `${kind}: there is a gap`)
    // The kernel may have taken more bytes in between, so there may be several.
    const wrong = got.filter((n, i) => n !== 'gap' && !followsOn(n, got[i - 1], got[i - 2]))
    t.strictSame(wrong, [], `${kind}: but for gaps, everything, in order, once`)
  }
})

/** Says whether number `n` may come behind the two things before it, the nearest first. */
function followsOn(n: number, before: Got = -1, beforeThat: Got = -1): boolean {
  return before === 'gap' ? n > Number(beforeThat) + 1 : n === before + 1
}
