import { Agent, request } from 'undici'
import type { StatsDocument } from '../../src/protocol/stats.ts'
import { get, type Target } from './clients/requests.ts'

/** What came back for a wish to watch. */
export interface Viewer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  /** the next figures; `undefined` when no more come */
  next(): Promise<StatsDocument | undefined>
}

/** What the service has turned away, by limit. */
export async function rejected(target: Target): Promise<StatsDocument['rejected']> {
  return ((await get(target, '/v1/stats')).body as StatsDocument).rejected
}

/** Watches the figures of the service until `t` ends; `more` are headers besides. */
export async function watchStats(
  t: { teardown(fn: () => Promise<void>): void },
  { url }: Target,
  more: Readonly<Record<string, string>> = {},
): Promise<Viewer> {
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.destroy())
  const { statusCode, headers, body } = await request(`${url}/v1/stats`, {
    dispatcher,
    headers: { accept: 'text/event-stream', ...more },
  })
  const events = dataOf(body)
  return {
    status: statusCode,
    headers,
    async next() {
      const { value } = await events.next().catch(() => ({ value: undefined }))
      return value
    },
  }
}

async function* dataOf(body: AsyncIterable<Buffer>): AsyncGenerator<StatsDocument, undefined> {
  let text = ''
  for await (const chunk of body) {
    text += chunk.toString()
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (data !== undefined) yield JSON.parse(data)
    }
  }
  return undefined
}
