import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t from 'tap'
import { type RunningApp, startApp } from '../support/app.ts'
import { startChromium } from '../support/chromium.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'

type Teardown = Parameters<typeof startChromium>[0]

/** What a page tries, as scripts that resolve to what came of it; with the browser's cookies, as an attacker would. */
const ATTEMPTS = {
  websocket: (url: string) => `new Promise((tell) => {
    const socket = new WebSocket('${url}/v1/stream?channel=a'.replace('http', 'ws'))
    socket.onmessage = ({ data }) => { tell(JSON.parse(data).type); socket.close() }
    socket.onclose = () => tell('refused')
  })`,
  sse: (url: string) => `new Promise((tell) => {
    const source = new EventSource('${url}/v1/stream?channel=a', { withCredentials: true })
    source.addEventListener('ready', () => { tell('ready'); source.close() })
    source.onerror = () => { tell('refused'); source.close() }
  })`,
  'long-poll': (url: string) => outcome(`${url}/v1/stream?channel=a`),
  problem: (url: string) => outcome(`${url}/v1/stream`),
  figures: (url: string) => outcome(`${url}/v1/stats`),
  livez: (url: string) => outcome(`${url}/livez`),
  publish: (url: string) => outcome(`${url}/v1/notifications`, 'application/json'),
  'publish as a form could': (url: string) => outcome(`${url}/v1/notifications`, 'text/plain'),
}
type Outcomes = Record<keyof typeof ATTEMPTS, unknown>

function outcome(url: string, type?: string): string {
  const sent = { method: 'POST', headers: { 'content-type': type }, body: '{"channel":"a","data":1}' }
  const options = { credentials: 'include', ...(type !== undefined && sent) }
  return `fetch('${url}', ${JSON.stringify(options)}).then(({ status }) => status, () => 'refused')`
}

async function tryAll(page: Page, { url }: RunningApp): Promise<Outcomes> {
  const outcomes: Partial<Outcomes> = {}
  for (const [name, script] of Object.entries(ATTEMPTS)) {
    outcomes[name as keyof Outcomes] = await page.evaluate(script(url))
  }
  return outcomes as Outcomes
}

/** Serves an empty page: an origin of its own, but of the same site, so that no cookie is kept back. */
async function serveOther(t: Teardown): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Other</title>')
  }).listen(0, '127.0.0.1')
  t.teardown(async () => void server.close())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const ALL_GOOD: Outcomes = {
  websocket: 'ready',
  sse: 'ready',
  'long-poll': 200,
  problem: 400,
  figures: 200,
  livez: 200,
  publish: 201,
  'publish as a form could': 415,
}
const ALL_REFUSED = Object.fromEntries(Object.keys(ALL_GOOD).map((name) => [name, 'refused']))

t.test('a page of another origin gets nothing, and may do nothing, unless it is on the list', async (t) => {
  const context = await startChromium(t)
  const page = await context.newPage()
  const other = await serveOther(t)
  const closed = await startApp(t)
  await page.goto(`${closed.url}/livez`)
  t.same(await tryAll(page, closed), ALL_GOOD, "the service's own page")
  const { last } = await closed.log.bounds()

  await page.goto(other)
  t.same(await tryAll(page, closed), ALL_REFUSED, 'by default')
  t.same(
    await tryAll(page, await startApp(t, { settings: { allowedOrigins: ['https://app.example'] } })),
    ALL_REFUSED,
  )
  t.equal((await closed.log.bounds()).last, last, 'nothing of it was stored')

  t.same(
    await tryAll(page, await startApp(t, { settings: { allowedOrigins: [other] } })),
    ALL_GOOD,
    'on the list',
  )
})

t.test(
  'a page of another origin can not use the cookie of who looks at it, unless it is on the list',
  async (t) => {
    const context = await startChromium(t)
    const page = await context.newPage()
    const other = await serveOther(t)
    const jwt = { auth: 'jwt', jwtSecret: JWT_SECRET, tokenCookie: 'session' } as const
    const value = await mintToken({ tidings: { subscribe: ['a'], publish: ['a'], admin: true } })
    await context.addCookies([{ name: 'session', value, url: 'http://127.0.0.1', httpOnly: true }])

    const closed = await startApp(t, { settings: jwt })
    await page.goto(`${closed.url}/livez`)
    t.same(await tryAll(page, closed), ALL_GOOD, "the service's own page has it")
    const { last } = await closed.log.bounds()
    await page.goto(other)
    t.same(await tryAll(page, closed), ALL_REFUSED, 'by default')
    t.equal((await closed.log.bounds()).last, last, 'nothing of it was stored')

    const forAll = await startApp(t, { settings: { ...jwt, allowedOrigins: ['*'] } })
    t.same(await tryAll(page, forAll), ALL_REFUSED, 'a page must be named for that')
    const listed = await startApp(t, { settings: { ...jwt, allowedOrigins: [other] } })
    t.same(await tryAll(page, listed), ALL_GOOD, 'on the list')
  },
)
