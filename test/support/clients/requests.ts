import { request } from 'undici'
import type { RunningApp } from '../app.ts'

/** An answer to an HTTP request. */
export interface HttpAnswer<Body = unknown> {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Body
}

/** What became of each notification of a publish. */
export interface PublishAnswer {
  readonly notifications: readonly {
    readonly id: string
    readonly channel: string
    readonly cursor: string
    readonly duplicate: boolean
  }[]
}

/** Where a service is. */
export type Target = Pick<RunningApp, 'url'>

/** Publishes `body`: text and bytes as they are, all else as JSON. */
export async function publish(
  { url }: Target,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<HttpAnswer<PublishAnswer>> {
  const answer = await request(`${url}/v1/notifications`, {
    method: 'POST',
    reset: true,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  })
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: (await answer.body.json()) as PublishAnswer,
  }
}

/** Publishes notifications with data `from`, `from + 1`, … `to` on `channel`, and says their cursors. */
export async function publishNumbers(
  target: Target,
  channel: string,
  from: number,
  to: number,
): Promise<string[]> {
  const items = Array.from({ length: to - from + 1 }, (_, i) => ({ channel, data: from + i }))
  const { body } = await publish(target, items)
  return body.notifications.map(({ cursor }) => cursor)
}

/** Gets `path`, whatever the answer. */
export async function get(
  { url }: Target,
  path: string,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  const answer = await request(`${url}${path}`, { headers, reset: true })
  return { status: answer.statusCode, headers: answer.headers, body: await answer.body.json() }
}
