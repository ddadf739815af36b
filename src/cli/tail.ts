import { WebSocket } from 'ws'
import {
  connect,
  type GapMessage,
  type NotificationMessage,
  type Status,
  type Stream,
  StreamError,
} from '../client/index.ts'
import { isChannelPattern } from '../protocol/channel.ts'
import type { TransportKind } from '../protocol/messages.ts'
import { type Command, parse, type Surroundings, UsageError } from './command.ts'
import { cursorFile } from './cursor-file.ts'
import { formatOf, formatOptions, formatUsage } from './format.ts'
import { ask, ServiceError } from './request.ts'
import { type Service, serviceOf, serviceOptions, serviceUsage } from './service.ts'

const usage = `tidings tail CHANNEL… [--transport KIND]… [--cursor CURSOR] [--cursor-file FILE] [--format FORMAT]

Prints the notifications on channels, which may be patterns, as they come, in order, none missing and none twice. It comes back
by itself when the connection is lost, and ends with SIGINT, SIGTERM, or when nobody reads what it prints. How it is connected,
and gaps, where the log no longer keeps what was asked for, are told on standard error.

  --transport   websocket, sse or long-poll; may be repeated, the best first; default: all three, in this order
  --cursor      where to start: a cursor, or earliest; default: now
  --cursor-file keeps the cursor of what was printed: with the same file, the next run goes on from there, and --cursor is for
                the first one only
${formatUsage}
${serviceUsage}

Examples:
  tidings tail 'user:*' news
  tidings tail orders --cursor earliest --cursor-file orders.cursor >> orders.ndjson
  tidings tail news --transport sse --format pretty --url https://notify.example/ --token-file reader.token`

const options = {
  ...serviceOptions,
  ...formatOptions,
  transport: { type: 'string', multiple: true },
  cursor: { type: 'string' },
  'cursor-file': { type: 'string' },
} as const

const KINDS: readonly TransportKind[] = ['websocket', 'sse', 'long-poll']

/** `tidings tail`: the SDK, with the terminal for an application. */
export const tailCommand: Command = {
  summary: 'prints the notifications on channels as they come',
  usage,
  async run(args, surroundings) {
    const { values, positionals: channels } = parse({ args, options, allowPositionals: true })
    const service = serviceOf(values, surroundings.env)
    const render = formatOf(values.format, surroundings.isTerminal) === 'pretty' ? pretty : JSON.stringify
    const transports = values.transport ? values.transport.map(kindOf) : KINDS
    checkChannels(channels)

    const failing = new AbortController()
    const path = values['cursor-file']
    const file = path === undefined ? undefined : cursorFile(path, (error) => failing.abort(error))
    const cursor = file?.get() ?? values.cursor
    const signal = AbortSignal.any([surroundings.signal, failing.signal])

    await checkRequest(service, channels, cursor, signal)
    const stream = connect(service.url, {
      channels,
      transports,
      WebSocket,
      tabs: false,
      signal,
      ...(cursor !== undefined && { cursor }),
      ...(service.token && { token: service.token }),
      ...(file && { persist: file }),
    })
    await printAll(stream, render, surroundings)
    failing.signal.throwIfAborted()
  },
}

function checkChannels(channels: readonly string[]): void {
  if (channels.length === 0) throw new UsageError('There is no CHANNEL')
  const bad = channels.find((channel) => !isChannelPattern(channel))
  if (bad !== undefined) throw new UsageError(`${JSON.stringify(bad)} is no channel name or pattern`)
}

function kindOf(text: string): TransportKind {
  const kind = KINDS.find((known) => known === text)
  if (kind) return kind
  throw new UsageError(`--transport was ${JSON.stringify(text)}: it must be one of ${KINDS.join(', ')}`)
}

/**
 * Asks for what there is, once, and looks only at whether that is granted: what is wrong with the address, the token or the channels
 * is told in the service's own words, which no client sees of a WebSocket that is refused, and at once.
 * @throws ServiceError
 */
async function checkRequest(
  service: Service,
  channels: readonly string[],
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams({ transport: 'long-poll', wait: '0', limit: '1' })
  for (const channel of channels) query.append('channel', channel)
  if (cursor !== undefined) query.append('cursor', cursor)
  await ask(service, `v1/stream?${query}`, { signal })
}

async function printAll(
  stream: Stream<unknown>,
  render: (notification: NotificationMessage) => string,
  { stderr, print }: Surroundings,
): Promise<void> {
  let told = ''
  stream.on('status', (status) => {
    const words = wordsOf(status)
    if (words === undefined || words === told) return
    told = words
    stderr.write(`${words}\n`)
  })
  stream.on('gap', ({ reason }) => stderr.write(`${GAPS[reason]}\n`))
  try {
    for await (const notification of stream) await print(render(notification))
  } catch (error) {
    // Granted at first, and no longer: the token has run out, or was revoked.
    throw error instanceof StreamError ? new ServiceError(`${error.code}: ${error.message}`) : error
  }
}

const GAPS: Readonly<Record<GapMessage['reason'], string>> = {
  retention: 'Some notifications are missing here: the log no longer keeps them.',
  epoch: 'Notifications may be missing here: the cursor was of another log.',
}

/** How the connection is, where that is news. */
function wordsOf({ state, transport, reason }: Status): string | undefined {
  if (state === 'live') return `connected by ${transport}`
  if (state === 'offline') return 'not connected: the service is out of reach; it is tried again'
  // It has let go of the stream until what has come is printed.
  if (reason === 'paused') return undefined
  return state === 'waiting' ? `not connected (${reason}); it is tried again` : undefined
}

/** For people: the time of day, where, and what. Control characters of the second kind could steer the terminal: JSON leaves them in. */
function pretty({ time, channel, type, data }: NotificationMessage): string {
  const text = JSON.stringify(data).replace(/[\x7f-\x9f]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)
  return [time.slice(11, 23), channel, ...(type === undefined ? [] : [`(${type})`]), text].join('  ')
}
