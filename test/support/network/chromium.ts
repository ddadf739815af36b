import { chromium, type Page } from 'playwright-core'
import { bundleClient } from '../../../scripts/client-bundle.ts'
import { CHROMIUM_FLAGS, findChromium } from '../chromium.ts'
import type { Teardown } from '../nats.ts'
import { type Happening, Record } from './record.ts'
import type { Client, Runtime, Way } from './runtime.ts'
import { CHANNEL } from './service.ts'

/** A page with the client in it. */
export interface Tab extends Client {
  close(): Promise<void>
}

/** Pages that share what tabs of one origin share: storage, locks, channels. */
export interface Profile {
  openTab(): Promise<Tab>
}

/** A browser. As a runtime, it gives each client a profile of its own. */
export interface Browser extends Runtime {
  openProfile(t: Teardown, way: Way): Promise<Profile>
}

/** An application's page. It tells what happens in order, for calls of an exposed function may overtake each other. */
const PAGE = `<!doctype html>
<title>Tidings</title>
<script type="module">
  import { connect } from '/client.js'
  let last = Promise.resolve()
  const add = (kind, members) => {
    const happening = { kind, at: Date.now(), ...members }
    last = last.then(() => record(happening))
  }
  globalThis.begin = () => {
    add('begun')
    const stream = connect('/', { channels: ['${CHANNEL}'], token: globalThis.fetchToken })
    stream.on('status', ({ state, transport }) => add('status', { state, transport }))
    stream.on('notification', ({ data }) => add('notification', { n: data.n }))
    stream.on('gap', ({ reason }) => add('trouble', { text: 'gap: ' + reason }))
    stream.on('error', ({ message }) => add('trouble', { text: message }))
  }
</script>`

/** Debian's Chromium, without a window; it ends with `t`. */
export async function startChromium(t: Teardown): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS })
  t.teardown(() => browser.close())
  const script = await bundleClient()

  async function openProfile(t: Teardown, { url, forward, tokens }: Way): Promise<Profile> {
    // Chromium asks no proxy for the loopback unless it is told to.
    const proxy = forward === undefined ? {} : { proxy: { server: forward, bypass: '<-loopback>' } }
    // A page that comes from no network may not use the loopback without this permission.
    const context = await browser.newContext({ ...proxy, permissions: ['local-network-access'] })
    t.teardown(() => context.close())
    return {
      async openTab() {
        const page = await context.newPage()
        const record = new Record('chromium')
        await page.exposeFunction('record', (happening: Happening) => record.add(happening))
        if (tokens) await page.exposeFunction('fetchToken', tokens())
        await load(page, url, script)
        return { record, begin: () => page.evaluate('begin()'), close: () => page.close() }
      },
    }
  }
  return {
    name: 'chromium',
    openProfile,
    open: async (t, way) => (await openProfile(t, way)).openTab(),
  }
}

/** Loads the page whatever the network does: it is about the stream. The requests of the stream are not intercepted. */
async function load(page: Page, url: string, script: string): Promise<void> {
  await page.route(`${url}/`, (route) => route.fulfill({ contentType: 'text/html', body: PAGE }))
  await page.route(`${url}/client.js`, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: script }),
  )
  await page.goto(`${url}/`)
  await page.waitForFunction('globalThis.begin')
  await page.unrouteAll()
}
