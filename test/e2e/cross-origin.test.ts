import t from 'tap'
import { bundleClient } from '../../scripts/client-bundle.ts'
import { startApp } from '../support/app.ts'
import { startChromium } from '../support/chromium.ts'
import { Publisher, upTo } from '../support/client.ts'
import { ADMIN, REVOCATION_SETTINGS } from '../support/revocations.ts'
import { mintToken } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const TRANSPORTS = ['websocket', 'sse', 'long-poll']

/** The origin of an application that is allowed, and of one that is not. Only secure pages may use the loopback, as those of localhost are. */
const [OURS, FOREIGN] = ['http://app.localhost', 'http://foreign.localhost']

/** A page that follows `numbers` at the service in its address, over the transport in its address. */
const PAGE = `<!doctype html>
<script type="module">
  import { connect } from '/client.js'
  const { searchParams } = new URL(location)
  const transports = [searchParams.get('transport')]
  globalThis.tokens = 0
  globalThis.numbers = []
  globalThis.states = []
  const token = () => { tokens++; return mint() }
  const stream = connect(searchParams.get('service'), { channels: ['numbers'], transports, token, tabs: false })
  stream.on('notification', ({ data }) => numbers.push(data.n))
  stream.on('status', ({ state }) => states.push(state))
</script>`

t.test(
  'in a page of another origin that is allowed, a token may run out three times, over every transport; in others nothing comes',
  { timeout: 90_000 },
  async (t) => {
    const service = await startApp(t, { settings: { ...REVOCATION_SETTINGS, allowedOrigins: [OURS] } })
    // A page that comes from no network may not use the loopback without this permission.
    const context = await startChromium(t, { permissions: ['local-network-access'] })
    const script = await bundleClient()
    await context.route('**/page?*', (route) => route.fulfill({ contentType: 'text/html', body: PAGE }))
    await context.route('**/client.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: script }),
    )
    // The SDK asks for another at four fifths of it.
    const mint = (): Promise<string> =>
      mintToken({ exp: Math.floor(Date.now() / 1000) + 7, tidings: { subscribe: ['**'] } })
    await context.exposeFunction('mint', mint)
    const open = async (origin: string, transport: string) => {
      const page = await context.newPage()
      const query = new URLSearchParams({ service: service.url, transport })
      await page.goto(`${origin}/page?${query}`)
      return { transport, read: (name: string): Promise<unknown> => page.evaluate(`globalThis.${name}`) }
    }
    const pages = await Promise.all(TRANSPORTS.map((transport) => open(OURS, transport)))
    const foreign = await Promise.all(TRANSPORTS.map((transport) => open(FOREIGN, transport)))
    for (const { read, transport } of pages)
      await until(`live over ${transport}`, async () => ((await read('states')) as string[]).includes('live'))

    const publisher = new Publisher(() => service.url, ADMIN)
    publisher.start(100)
    for (const { read, transport } of pages)
      await until(`three more over ${transport}`, async () => Number(await read('tokens')) >= 4, 45)
    const last = await publisher.stop()
    for (const { read, transport } of pages) {
      const numbers = async () => (await read('numbers')) as number[]
      await until(`the last over ${transport}`, async () => (await numbers()).includes(last))
      t.same(await numbers(), upTo(last), `${transport}: each once, and in order`)
      t.notOk(((await read('states')) as string[]).includes('closed'))
    }
    for (const { read, transport } of foreign)
      t.notOk(((await read('states')) as string[]).includes('live'), `${transport} from elsewhere`)
  },
)
