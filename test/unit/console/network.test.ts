import { EventEmitter, once } from 'node:events'
import t from 'tap'
import type { Socket } from '../../../src/client/platform.ts'
import { type Ending, openNetwork } from '../../../src/console/network.ts'

/** A socket that does what the test says. */
class ScriptedSocket implements Socket {
  readyState = 1
  onmessage: Socket['onmessage'] = null
  onclose: Socket['onclose'] = null
  onerror: Socket['onerror'] = null
  send(): void {}
  close(): void {
    this.onclose?.({ code: 1000 })
  }
}

function start(answer: typeof fetch = () => Promise.reject(new TypeError('not scripted'))) {
  const sockets: ScriptedSocket[] = []
  const seen: string[] = []
  const events = new EventEmitter()
  const note = (text: string): void => {
    seen.push(text)
    events.emit('note')
  }
  class Recorded extends ScriptedSocket {
    constructor() {
      super()
      sockets.push(this)
    }
  }
  let serial = 0
  const network = openNetwork(
    { fetch: answer, WebSocket: Recorded },
    {
      began(transport, isBlocked) {
        note(`${++serial} ${transport}${isBlocked ? ' blocked' : ''}`)
        return serial
      },
      answered: (id) => note(`${id} answered`),
      ended: (id, ending: Ending) => note(`${id} ${Object.values(ending).join(' ')}`),
    },
  )
  return { network, sockets, seen, noted: () => once(events, 'note') }
}

const url = (query: string) => `http://service/v1/stream?${query}`

/** Answers, and then streams for ever, until its signal says otherwise. */
const streaming: typeof fetch = async (_input, init) => {
  const body = new ReadableStream({
    start(controller) {
      init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason))
    },
  })
  return new Response(body, { status: 200, headers: { 'content-type': 'text/event-stream' } })
}

t.test('a socket is answered by its first message, and its close is told once', async (t) => {
  const { network, sockets, seen } = start()
  const socket = new network.WebSocket('ws://service', [])
  const closes: number[] = []
  socket.onclose = ({ code }) => closes.push(code)
  t.equal(socket.readyState, 0, 'that it has opened is no answer')
  sockets[0]?.onmessage?.({ data: '{}' })
  t.equal(socket.readyState, 1)
  sockets[0]?.onclose?.({ code: 1012 })
  socket.close()
  t.same(seen, ['1 websocket', '1 answered', '1 close 1012'])
  t.same(closes, [1012])
})

t.test('a blocked socket never opens, and blocking cuts the one that is open', async (t) => {
  const { network, sockets, seen } = start()
  const socket = new network.WebSocket('ws://service', [])
  const closes: number[] = []
  socket.onclose = ({ code }) => closes.push(code)
  network.block('websocket', true)
  t.same(closes, [1006])
  new network.WebSocket('ws://service', []).close()
  t.equal(sockets.length, 1, 'nothing was opened while blocked')
  t.same(seen, ['1 websocket', '1 block', '2 websocket blocked', '2 client'])
  network.block('websocket', false)
  new network.WebSocket('ws://service', [])
  t.equal(sockets.length, 2)
})

t.test('a blocked request is never answered, and goes when its client gives it up', async (t) => {
  const { network, seen } = start(streaming)
  network.block('sse', true)
  const client = new AbortController()
  const response = network.fetch(url('transport=sse'), { signal: client.signal })
  client.abort()
  await t.rejects(response)
  t.same(seen, ['1 sse blocked', '1 client'])
})

t.test('blocking cuts a stream that is under way, whoever reads it', async (t) => {
  const { network, seen } = start(streaming)
  const response = await network.fetch(url('transport=sse'))
  network.block('sse', true)
  await t.rejects(response.text())
  t.same(seen, ['1 sse', '1 answered', '1 block'])
})

t.test('polls that follow each other are one attempt, which an answer without success ends', async (t) => {
  const answers = [200, 200, 502]
  const { network, seen } = start(async () => new Response('{}', { status: answers.shift() ?? 500 }))
  for (const wait of [0, 25, 25]) await network.fetch(url(`transport=long-poll&wait=${wait}`))
  t.same(seen, ['1 long-poll', '1 answered', '1 answered', '1 answer 502'])
})

t.test('without a network everything fails at once, the question for life as well', async (t) => {
  const { network, noted, seen } = start(streaming)
  network.block('network', true)
  await t.rejects(network.fetch('http://service/livez'))
  await t.rejects(network.fetch(url('transport=sse')))
  const socket = new network.WebSocket('ws://service', [])
  if (!seen.includes('2 block')) await noted()
  t.equal(socket.readyState, 3)
  t.same(seen, ['1 sse blocked', '1 block', '2 websocket blocked', '2 block'])
})
