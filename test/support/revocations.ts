import { request } from 'undici'
import { REVOCATIONS } from '../../src/auth/revocation.ts'
import type { Log } from '../../src/log/log.ts'
import { ChannelSet } from '../../src/protocol/channel-set.ts'
import type { Client, ClientKind } from './clients/client.ts'
import { fetchLongPollClient, formatLongPollClients } from './clients/long-poll.ts'
import { get, type HttpAnswer, type Target } from './clients/requests.ts'
import { fetchSseClient } from './clients/sse.ts'
import { formatWebSocketClients, webSocketClient } from './clients/websocket.ts'
import { JWT_SECRET, mintToken } from './tokens.ts'
import { until } from './until.ts'

/** The settings of a service that tests revoke tokens at. */
export const REVOCATION_SETTINGS = { auth: 'jwt', jwtSecret: JWT_SECRET } as const

/** A token that may do everything, revocations among it. */
export const ADMIN = await mintToken({
  sub: 'admin',
  tidings: { subscribe: ['**'], publish: ['**'], admin: true },
})

/** One client for each transport and format that tells what the service says at the end of its stream. (EventSource keeps `error` to itself.) */
export const TELLING_CLIENTS: readonly ClientKind[] = [
  webSocketClient,
  fetchSseClient,
  fetchLongPollClient,
  ...formatWebSocketClients,
  ...formatLongPollClients,
]

/** A token of somebody who may subscribe and publish to everything, and is no admin. */
export function tokenOf(sub: string, jti?: string): Promise<string> {
  return mintToken({ sub, jti, tidings: { subscribe: ['**'], publish: ['**'] } })
}

/** An RFC 3339 time so many seconds from now. */
export function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString()
}

/** Revokes: text as it is, all else as JSON. */
export async function revoke({ url }: Target, body: unknown, token = ADMIN): Promise<HttpAnswer> {
  const answer = await request(`${url}/v1/revocations`, {
    method: 'POST',
    reset: true,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: answer.statusCode, headers: answer.headers, body: await answer.body.json() }
}

/** What the service answers to whoever brings this token. */
export async function answerTo(target: Target, token: string): Promise<{ status: number; code?: unknown }> {
  const { status, body } = await get(target, `/v1/stream?channel=a&wait=0&token=${token}`)
  return { status, code: (body as { code?: unknown }).code }
}

/** Resolves when so many streams are open on the service. */
export function untilOpen(target: Target, count: number): Promise<void> {
  return until(`${count} streams are open`, async () => {
    const { body } = await get(target, '/v1/stats', { authorization: `Bearer ${ADMIN}` })
    return (body as { connections: { all: number } }).connections.all === count
  })
}

/** Resolves when the stream of `client`, of `kind`, has ended as one whose token has been revoked; throws when it ends otherwise. */
export async function endOfRevoked({ transport }: ClientKind, { inbox }: Client): Promise<void> {
  if (transport === 'long-poll') {
    await inbox.expect('heartbeat')
    const why = await inbox.next().catch((error: Error) => String(error.cause))
    if (!String(why).includes('401') || !String(why).includes('token-revoked')) throw new Error(String(why))
    return
  }
  const { code } = await inbox.expect('error')
  if (code !== 'token-revoked') throw new Error(`not token-revoked but ${code}`)
  const close = await inbox.ended
  if (transport === 'websocket' && close !== 4401) throw new Error(`closed with ${close}`)
}

/** How many notifications there are on the channel of revocations. */
export async function countOf(log: Log): Promise<number> {
  return (await log.read(new ChannelSet([REVOCATIONS]), 0, 1000)).notifications.length
}
