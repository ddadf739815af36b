import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { bundleClient } from '../../scripts/client-bundle.ts'
import { startApp } from '../support/app.ts'
import { startChromium } from '../support/chromium.ts'
import { publish } from '../support/clients/requests.ts'
import { ADMIN } from '../support/revocations.ts'
import { JWT_SECRET } from '../support/tokens.ts'
import { until } from '../support/until.ts'

execFileSync(process.execPath, ['--import=tsx', 'scripts/build-console.ts'], {
  cwd: new URL('../../', import.meta.url),
})
/** The SDK as it is now; what `npm run build` has left may be older. */
const sdk = await bundleClient()

/** Probes of what was blocked come at growing intervals. */
const HEALING_MS = 30_000

/** Opens the console of the service at `url` in a fresh browser. */
async function open(
  t: Parameters<typeof startChromium>[0],
  url: string,
  options: Parameters<typeof startChromium>[1] = {},
): Promise<Page> {
  const context = await startChromium(t, options)
  await context.route('**/client.js', (route) => route.fulfill({ contentType: 'text/javascript', body: sdk }))
  const page = await context.newPage()
  await page.goto(url)
  return page
}

/** What is in the element with `id`. */
async function text(page: Page, id: string): Promise<string> {
  return (await page.locator(`#${id}`).textContent()) ?? ''
}

/** Waits until the console says that it is live over `transport`. */
async function live(page: Page, transport: string, timeout = 10_000): Promise<void> {
  await page.locator('#headline', { hasText: `Live over ${transport}` }).waitFor({ timeout })
}

/** Moves the focus on, as the Tab key does, until it is on the element with `id`. */
async function tabTo(page: Page, id: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab')
    if ((await page.locator(`#${id}:focus`).count()) > 0) return
  }
  throw new Error(`#${id} is not reached by the keyboard`)
}

/** The texts in the feed, newest first. */
function feed(page: Page): Promise<string[]> {
  return page.locator('#items .data').allTextContents()
}

t.test('the console shows how it is connected, through blocked networks and back', async (t) => {
  const service = await startApp(t)
  const page = await open(t, service.url)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  await page.reload()

  await live(page, 'WebSocket')
  t.equal(await text(page, 'badge'), 'WebSocket')
  t.match(await text(page, 'timeline'), /WebSocket ready, in use/)

  // By keyboard only: channel, type, data, button.
  await tabTo(page, 'channel')
  await page.keyboard.press('Control+A')
  await page.keyboard.type('demo:keys')
  await page.keyboard.press('Tab')
  await page.keyboard.type('greeting')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Control+A')
  await page.keyboard.type('{"n":0}')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.locator('#outcome', { hasText: 'Stored' }).waitFor()
  await page.locator('#items li', { hasText: 'demo:keys' }).waitFor()
  t.same(await feed(page), ['{"n":0}'])
  t.equal(await page.locator('#items li').first().getAttribute('data-transport'), 'websocket')

  await page.locator('#open-websocket', { hasText: '1' }).waitFor()
  t.equal(await text(page, 'open-sse'), '0')

  let n = 0
  const send = (): Promise<unknown> => publish(service, { channel: 'demo:numbers', data: { n: ++n } })
  await page.locator('#block-websocket').check()
  await send()
  await live(page, 'SSE')
  t.match(await text(page, 'why'), /^WebSocket: blocked in this tab\./)
  t.match(await text(page, 'timeline'), /WebSocket lost, cut in this tab/)
  await send()
  await page.locator('#open-sse', { hasText: '1' }).waitFor()

  await page.locator('#block-network').check()
  await page.locator('#headline', { hasText: 'Offline' }).waitFor()
  await send()
  await page.locator('#block-network').uncheck()
  await live(page, 'SSE', HEALING_MS)
  await send()

  await page.locator('#block-websocket').uncheck()
  await live(page, 'WebSocket', HEALING_MS)
  t.match(await text(page, 'timeline'), /SSE handed over to WebSocket/)
  await send()
  const newest = page.locator('#items li').first()
  await until('the last', async () => (await feed(page))[0] === `{"n":${n}}`)
  t.same(
    await feed(page),
    [5, 4, 3, 2, 1, 0].map((n) => `{"n":${n}}`),
    'each came once, and in order',
  )
  t.equal(await newest.getAttribute('data-transport'), 'websocket')
  t.same(faults, [], 'the page has no faults, and its policy is kept')
})

t.test(
  'what can not be published is said at the field, and what the service refuses in its words',
  async (t) => {
    const service = await startApp(t)
    const page = await open(t, service.url)
    const [data, type, button] = [
      page.locator('#data'),
      page.locator('#type'),
      page.locator('#publish button'),
    ]

    await data.fill('{"text": nope}')
    await button.click()
    t.match(await text(page, 'outcome'), /^Not sentThat is not JSON/)
    t.equal(await data.getAttribute('aria-invalid'), 'true')
    t.equal(await page.locator('#data:focus').count(), 1)

    await data.fill('{"text": "yes"}')
    t.equal(await data.getAttribute('aria-invalid'), null)
    await type.fill('not a type')
    await button.click()
    await page.locator('#outcome', { hasText: 'bad-notification' }).waitFor()
    t.match(await text(page, 'outcome'), /\/type/)
    t.equal(await type.getAttribute('aria-invalid'), 'true')
  },
)

t.test('the feed can be held, and channels be chosen, which a reload keeps', async (t) => {
  const service = await startApp(t)
  const page = await open(t, service.url)
  await live(page, 'WebSocket')
  await page.locator('#pattern').fill('no channel')
  await page.keyboard.press('Enter')
  await page.locator('#pattern-fault', { hasText: 'Segments' }).waitFor()
  await page.locator('#pattern').fill('news:*')
  await page.keyboard.press('Enter')
  await page.locator('#chips li', { hasText: 'news:*' }).waitFor()
  await page.reload()
  await live(page, 'WebSocket')
  t.equal(await page.locator('#chips li').count(), 2)

  await page.locator('#pause').click()
  await publish(service, { channel: 'news:today', data: 'held' })
  await page.locator('#count', { hasText: '1 held back' }).waitFor()
  t.same(await feed(page), [])
  await page.locator('#pause').click()
  t.same(await feed(page), ['"held"'])
  await publish(service, { channel: 'news:today', data: '<img src=x onerror=alert(1)>'.repeat(200) })
  await until('both', async () => (await feed(page)).length === 2)
  t.equal(await page.locator('#items img').count(), 0, 'what is published is text')
  t.match((await feed(page))[0], /… \(5602 characters\)$/)
})

t.test(
  'with a token, which is given once in a tab, everything works at a service that wants one',
  async (t) => {
    const service = await startApp(t, { settings: { auth: 'jwt', jwtSecret: JWT_SECRET } })
    const page = await open(t, service.url)
    await page.locator('#headline', { hasText: 'Closed' }).waitFor()
    await page.locator('#facts', { hasText: 'with admin' }).waitFor()

    await page.locator('#token').fill(ADMIN)
    await page.keyboard.press('Enter')
    await live(page, 'WebSocket')
    await page.locator('#open-websocket', { hasText: '1' }).waitFor()
    await page.locator('#publish button').click()
    await page.locator('#outcome', { hasText: 'Stored' }).waitFor()
    await page.locator('#items li', { hasText: 'demo:hello' }).waitFor()
    await page.reload()
    await live(page, 'WebSocket')
  },
)

for (const [name, colorScheme, width] of [
  ['light', 'light', 1280],
  ['dark', 'dark', 1280],
  ['on a phone', 'light', 360],
] as const) {
  t.test(`${name} nothing is cut off, and nothing moves while it connects`, async (t) => {
    const service = await startApp(t)
    const page = await open(t, service.url, { colorScheme, viewport: { width, height: 800 } })
    const top = async (id: string) => (await page.locator(`#${id}`).boundingBox())?.y ?? Number.NaN
    const room = async () => (await top('ladder-title')) - (await top('connection-title'))
    const before = await room()
    await live(page, 'WebSocket')
    t.equal(await room(), before)
    await page.locator('#block-websocket').check()
    await live(page, 'SSE')
    t.equal(await room(), before)
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    t.equal(overflow, 0)
    const shot = await page.screenshot({ path: join(t.testdir(), 'console.png'), fullPage: true })
    t.ok(shot.length > 10_000)
  })
}
