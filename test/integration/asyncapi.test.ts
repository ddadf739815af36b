import t from 'tap'
import { CODES, type Code } from '../../src/protocol/codes.ts'
import { checker, faultsOf, pointerOf, shapeOf } from '../support/api-documents.ts'
import { startApp } from '../support/app.ts'
import { ASYNCAPI, asyncApi, type Live, readEvents } from '../support/asyncapi.ts'
import type { Inbox, Message } from '../support/clients/client.ts'
import { get, publish, type Target } from '../support/clients/requests.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { ADMIN, inSeconds, REVOCATION_SETTINGS, revoke, tokenOf } from '../support/revocations.ts'
import { until } from '../support/until.ts'

const { channels, operations } = asyncApi
const check = checker(asyncApi)
const messages = Object.entries(channels).flatMap(([channel, { messages }]) =>
  Object.entries(messages).map(([name, message]) => ({ channel, name, message })),
)

/** What is wrong with a message by its schemas. */
function faultsOfMessage({ channel, name, headers, payload }: Live): string[] {
  const at = ['channels', channel, 'messages', name]
  return [
    ...check(pointerOf(...at, 'payload'), payload),
    ...(headers ? check(pointerOf(...at, 'headers'), headers) : []),
  ]
}

/** The only example of a message. */
function exampleOf(channel: string, name: string): object {
  return channels[channel]?.messages[name]?.examples[0]?.payload ?? {}
}

t.test('the document is valid', async (t) => {
  t.strictSame(await faultsOf(ASYNCAPI, []), [])
})

t.test('every example is what its schema says', async (t) => {
  for (const { channel, name, message } of messages) {
    t.ok(message.examples.length > 0, `${channel} ${name}`)
    for (const { payload } of message.examples) {
      t.strictSame(faultsOfMessage({ channel, name, payload }), [], `${channel} ${name}`)
    }
  }
})

t.test('every code that closes a WebSocket, or has no status, is in the document', async (t) => {
  const text = JSON.stringify(asyncApi)
  const codes = Object.entries<Code>(CODES).filter(([, { status, close }]) => close ?? !status)
  t.ok(codes.length > 10)
  for (const [code] of codes) t.ok(text.includes(`"${code}"`), code)
  const closing = codes.flatMap(([code, { close }]) => (close === undefined ? [] : [[code, close]]))
  t.strictSame(channels['websocket']?.['x-close-codes'], Object.fromEntries(closing))
})

t.test('every example is said on a live stream, and what comes is what the document says', async (t) => {
  const service = await startApp(t, {
    settings: { ...REVOCATION_SETTINGS, heartbeatSeconds: 1, drainSeconds: 0 },
  })
  const live: Live[] = []
  const seen = (channel: string, name: string) =>
    live.filter((one) => one.channel === channel && one.name === name)
  const comes = (channel: string, name: string) =>
    until(`${channel} ${name}`, () => seen(channel, name).length > 0)

  const onFrame = (message: Message) =>
    live.push({ channel: 'websocket', name: message.type, payload: message })
  const onEvent = (event: Live) => live.push(event)

  const elsewhere = { channel: ['user:42', 'news'], cursor: '0-1', token: ADMIN }
  const { inbox, say } = await openWebSocket(service, elsewhere)
  const frames = readFrames(inbox, onFrame)
  const events = readEvents(service, elsewhere, onEvent)
  const toBeRevoked = { channel: 'news', token: await tokenOf('told') }
  const revoked = Promise.all([
    readFrames((await openWebSocket(service, toBeRevoked)).inbox, onFrame),
    readEvents(service, toBeRevoked, onEvent),
  ])
  const first = await poll(service, live, 'channel=user:42')
  await poll(service, live, 'channel=user:42&cursor=0-1&wait=0')

  for (const {
    action,
    messages: [message],
    reply,
  } of Object.values(operations)) {
    if (action !== 'receive') continue
    const name = nameOf(message)
    say(exampleOf('websocket', name))
    await comes('websocket', nameOf(reply?.messages[0]))
  }

  const { cursor: _, time: __, ...published } = exampleOf('sse', 'notification') as Record<string, unknown>
  await publish(service, published, { authorization: `Bearer ${ADMIN}` })
  await poll(service, live, `channel=user:42&cursor=${first}`)
  await revoke(service, { sub: 'told', until: inSeconds(60) })
  await revoked
  for (const channel of ['websocket', 'sse']) {
    for (const name of ['notification', 'heartbeat', 'gap']) await comes(channel, name)
  }
  const waiting = poll(service, live, `channel=nobody&cursor=${first}`)
  await until('the poll waits', async () => (await connections(service)) === 3)
  await service.app.drain()
  await Promise.all([waiting, events, frames])

  t.match(seen('sse', 'notification')[0]?.payload, published)
  for (const one of live) t.strictSame(faultsOfMessage(one), [], `${one.channel} ${one.name}`)
  const received = Object.values(operations).filter(({ action }) => action === 'receive')
  const fromClients = new Set(received.map(({ messages }) => nameOf(messages[0])))
  for (const { channel, name, message } of messages) {
    if (fromClients.has(name)) continue
    const shapes = seen(channel, name).map(({ payload }) => JSON.stringify(shapeOf(payload)))
    for (const { payload } of message.examples) {
      t.ok(
        shapes.includes(JSON.stringify(shapeOf(payload))),
        `${channel} ${name} came, like ${JSON.stringify(payload)}`,
      )
    }
  }
})

/** Reads what comes over a WebSocket to its end. */
async function readFrames(inbox: Inbox, onMessage: (message: Message) => void): Promise<void> {
  for (;;) {
    const message = await inbox.next().catch(() => undefined)
    if (!message) return
    onMessage(message)
  }
}

/** Polls once, and says the cursor that came. */
async function poll(service: Target, live: Live[], query: string): Promise<string> {
  const { body } = await get(service, `/v1/stream?${query}&token=${ADMIN}`)
  live.push({ channel: 'longPoll', name: 'answer', payload: body as object })
  return (body as { cursor: string }).cursor
}

async function connections(service: Target): Promise<number> {
  const { body } = await get(service, '/v1/stats', { authorization: `Bearer ${ADMIN}` })
  return (body as { connections: { all: number } }).connections.all
}

function nameOf(ref: { readonly $ref: string } | undefined): string {
  return ref?.$ref.split('/').at(-1) ?? ''
}
