import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, Agent as NodeAgent, get as nodeGet, type RequestOptions } from 'node:http'
import { Agent, fetch } from 'undici'

/** A way to make GET requests. */
export interface Http {
  readonly name: string
  /**
   * Gets `url`, and hands over its body as it comes.
   * @throws when the status is not 200; ends early, or throws, when `signal` says so
   */
  get(url: string, headers: Record<string, string>, signal: AbortSignal): AsyncIterable<Buffer>
}

/** `fetch` of undici. */
export const fetchHttp: Http = {
  name: 'fetch',
  async *get(url, headers, signal) {
    // A connection of its own, which goes when the request does: none is left that a server would wait for.
    const dispatcher = new Agent()
    try {
      const answer = await fetch(url, { headers, signal, dispatcher })
      if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
      for await (const chunk of answer.body ?? []) yield Buffer.from(chunk as Uint8Array)
    } finally {
      await dispatcher.destroy()
    }
  },
}

/** `fetch` of undici as pages have it: on one connection, kept from one request to the next. */
export function keptFetchHttp(): Http {
  let dispatcher: Agent | undefined
  return {
    name: 'fetch on one connection',
    async *get(url, headers, signal) {
      if (!dispatcher) {
        const agent = new Agent({ connections: 1 })
        dispatcher = agent
        signal.addEventListener('abort', () => void agent.destroy())
      }
      const answer = await fetch(url, { headers, signal, dispatcher })
      if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
      yield Buffer.from(await answer.arrayBuffer())
    },
  }
}

/** Node's own: so light that a process can have thousands. */
export const lightHttp: Http = {
  name: 'node:http',
  get: (url, headers, signal) => getLightly(url, { headers, signal, agent: false }),
}

/** Node's own, on one connection. */
export function keptLightHttp(): Http {
  let kept: NodeAgent | undefined
  return {
    name: 'node:http on one connection',
    get(url, headers, signal) {
      if (!kept) {
        const agent = new NodeAgent({ keepAlive: true, maxSockets: 1 })
        kept = agent
        signal.addEventListener('abort', () => agent.destroy())
      }
      return getLightly(url, { headers, signal, agent: kept })
    },
  }
}

async function* getLightly(url: string, options: RequestOptions): AsyncGenerator<Buffer> {
  const [answer] = (await once(nodeGet(url, options), 'response')) as [IncomingMessage]
  if (answer.statusCode !== 200)
    throw new Error(`${answer.statusCode} ${Buffer.concat(await answer.toArray())}`)
  yield* answer
}

/** Seconds after which curl gives up, so that none outlives its test for long. */
const CURL_MAX_SECONDS = 30

/** A child process of `curl`; `more` are options besides. */
export const curlHttp = {
  name: 'curl',
  async *get(
    url: string,
    headers: Record<string, string>,
    signal: AbortSignal,
    more: readonly string[] = [],
  ) {
    const fields = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`])
    const options = ['--silent', '--fail-with-body', '--no-buffer', '--max-time', String(CURL_MAX_SECONDS)]
    const curl = spawn('curl', [...options, ...fields, ...more, url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const kill = () => curl.kill()
    signal.addEventListener('abort', kill)
    const exit = once(curl, 'exit')
    yield* curl.stdout as AsyncIterable<Buffer>
    const [code] = await exit
    signal.removeEventListener('abort', kill)
    if (code !== 0 && !signal.aborted) throw new Error(`curl exits with ${code}`)
  },
} satisfies Http
