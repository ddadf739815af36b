import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { startChromium } from '../support/chromium.ts'
import { get, publish } from '../support/clients/requests.ts'
import { until } from '../support/until.ts'

/** An application: shows what comes on the channel of its address, while it is there; in StrictMode every effect runs twice. */
const APP = `
  import { createElement as h, StrictMode, useEffect, useState } from 'react'
  import { createRoot } from 'react-dom/client'
  import { connect } from './src/client/index.ts'
  import { useNotifications, useStreamStatus } from './src/react/index.ts'

  function Feed({ stream }) {
    const { state } = useStreamStatus(stream)
    const notifications = useNotifications(stream, 3)
    return h('p', { id: 'feed' }, state + ': ' + notifications.map(({ data }) => data).join(' '))
  }

  function App() {
    const [stream, setStream] = useState()
    useEffect(() => {
      const opened = connect('/', { channels: ['numbers'], tabs: false })
      setStream(opened)
      return () => opened.close()
    }, [])
    return stream ? h(Feed, { stream }) : null
  }

  const root = createRoot(document.getElementById('root'))
  root.render(h(StrictMode, null, h(App)))
  document.getElementById('leave').onclick = () => root.unmount()
`
const PAGE =
  '<!doctype html><button id="leave">Leave</button><div id="root"></div><script type="module" src="/app.js"></script>'

const { outputFiles } = await build({
  stdin: { contents: APP, resolveDir: fileURLToPath(new URL('../../', import.meta.url)) },
  bundle: true,
  format: 'esm',
  // StrictMode does nothing in production.
  define: { 'process.env.NODE_ENV': '"development"' },
  write: false,
})

t.test(
  'components show the newest notifications and the status, once each, until they are gone',
  async (t) => {
    const service = await startApp(t)
    const context = await startChromium(t)
    await context.route('**/app', (route) => route.fulfill({ contentType: 'text/html', body: PAGE }))
    const script = outputFiles[0]?.text ?? ''
    await context.route('**/app.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: script }),
    )
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      // What React complains of; Chromium tells of the connection that StrictMode has had closed at once.
      if (message.text().startsWith('Warning:')) faults.push(message.text())
    })
    const open = async (): Promise<unknown> => {
      const { body } = await get(service, '/v1/stats')
      return (body as { connections: { all: number } }).connections.all
    }
    const feed = (text: string): Promise<void> => page.locator('#feed', { hasText: text }).waitFor()

    await page.goto(`${service.url}/app`)
    await feed('live:')
    await until('one stream', async () => (await open()) === 1)
    for (let n = 1; n <= 5; n++) await publish(service, { channel: 'numbers', data: n })
    await feed('live: 3 4 5')
    t.equal(await page.locator('#feed').textContent(), 'live: 3 4 5')

    await page.locator('#leave').click()
    await until('closed', async () => (await open()) === 0)
    t.same(faults, [])
  },
)
