import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { LongPollAnswer } from '../../src/protocol/messages.ts'
import type { RunningApp } from './app.ts'
import { getBytes, openRaw, type RawConnection } from './raw-http.ts'

/** An answer to a poll. */
export interface PollAnswer {
  readonly status: number
  readonly head: string
  readonly body: LongPollAnswer
}

/** A connection on which one polls again and again. */
export interface Poller {
  readonly raw: RawConnection
  /** the service's end of it */
  readonly near: Socket
  /** how many requests Node has parsed on it */
  readonly parsed: number
  /** Asks for what comes after `cursor`, and waits for no answer. */
  ask(cursor: string): void
  /** Takes the next answer. */
  answer(): Promise<PollAnswer>
}

/** Takes the next answer from a connection. */
export async function takeAnswer(raw: RawConnection): Promise<PollAnswer> {
  const head = await raw.readThrough('\r\n\r\n')
  const body = await raw.read(Number(/content-length: (\d+)/i.exec(head)?.[1]))
  return { status: Number(head.split(' ')[1]), head, body: JSON.parse(body.toString()) as LongPollAnswer }
}

/** Opens a connection for polls of `a` with these headers. */
export async function openPoller(
  t: Parameters<typeof openRaw>[0],
  { app, port }: RunningApp,
  headers: Readonly<Record<string, string>> = {},
): Promise<Poller> {
  const accepted = once(app.server.server, 'connection') as Promise<[Socket]>
  const raw = await openRaw(t, port)
  const [near] = await accepted
  let parsed = 0
  const count = ({ socket }: { socket: Socket }) => {
    if (socket === near) parsed++
  }
  app.server.server.on('request', count)
  near.on('close', () => app.server.server.off('request', count))
  return {
    raw,
    near,
    get parsed() {
      return parsed
    },
    ask: (cursor) =>
      void raw.socket.write(getBytes(`/v1/stream?channel=a&cursor=${cursor}&wait=60`, headers)),
    answer: () => takeAnswer(raw),
  }
}

/**
 * Opens one that has polled from `cursor`, after which there is something, so often that the next poll is answered unparsed: Node has
 * parsed two.
 */
export async function openRepeating(
  t: Parameters<typeof openRaw>[0],
  service: RunningApp,
  cursor: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Poller> {
  const poller = await openPoller(t, service, headers)
  for (let i = 0; i < 2; i++) {
    poller.ask(cursor)
    await poller.answer()
  }
  return poller
}
