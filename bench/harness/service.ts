import { setTimeout as pause } from 'node:timers/promises'
import { request } from 'undici'
import type { StatsDocument } from '../../src/protocol/stats.ts'

/** About the size of the load generator's notifications, in bytes. */
const PADDING = 'x'.repeat(150)

/** Publishes a numbered notification on each of `channels`, in one request. */
export async function publish(port: number, channels: readonly string[], first: number): Promise<void> {
  const items = channels.map((channel, i) => ({ channel, data: { n: first + i, padding: PADDING } }))
  const { statusCode, body } = await request(`http://127.0.0.1:${port}/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(items),
  })
  const answer = await body.text()
  if (statusCode !== 201) throw new Error(`publish: ${statusCode} ${answer}`)
}

/**
 * Publishes numbered notifications in equal requests at an even pace.
 * @param channels those of the request with this number
 * @param next the first notification's number
 * @returns the number after the last notification's
 */
export async function publishEvenly(
  port: number,
  { seconds, requestsPerSecond, next }: { seconds: number; requestsPerSecond: number; next: number },
  channels: (request: number) => readonly string[],
): Promise<number> {
  const began = performance.now()
  let n = next
  for (let i = 0; i < seconds * requestsPerSecond; i++) {
    const early = began + (i * 1000) / requestsPerSecond - performance.now()
    if (early > 0) await pause(early)
    const names = channels(i)
    await publish(port, names, n)
    n += names.length
  }
  return n
}

/** The service's own figures. */
export async function statsOf(port: number): Promise<StatsDocument> {
  const { body } = await request(`http://127.0.0.1:${port}/v1/stats`)
  return (await body.json()) as StatsDocument
}
