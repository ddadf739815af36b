import { execFileSync } from 'node:child_process'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { startChromium } from '../support/chromium.ts'
import { documentOf, operationsOf } from '../support/openapi.ts'

execFileSync(process.execPath, ['--import=tsx', 'scripts/build-docs.ts'], {
  cwd: new URL('../../', import.meta.url),
})

t.test(
  'the page of the API shows every operation, and tries one out, with nothing from elsewhere',
  async (t) => {
    const service = await startApp(t)
    const context = await startChromium(t, { viewport: { width: 1200, height: 2000 } })
    const page = await context.newPage()
    const [faults, origins]: [string[], Set<string>] = [[], new Set()]
    page.on('pageerror', (error) => faults.push(error.message))
    // Whatever the page's policy forbids is told here, too.
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    page.on('request', (request) => origins.add(new URL(request.url()).origin))
    await page.goto(`${service.url}/docs`)

    const operations = operationsOf(await documentOf(service))
    await page
      .locator('.opblock')
      .nth(operations.length - 1)
      .waitFor()
    for (const { path, method } of operations) {
      const shown = page.locator(`.opblock-${method}`, { has: page.locator(`[data-path="${path}"]`) })
      t.equal(await shown.count(), 1, `${method} ${path}`)
    }

    const livez = page.locator('.opblock', { has: page.locator('[data-path="/livez"]') })
    await livez.locator('.opblock-summary-control').click()
    await livez.getByRole('button', { name: 'Try it out' }).click()
    await livez.getByRole('button', { name: 'Execute' }).click()
    await livez.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor()

    t.strictSame(faults, [])
    t.strictSame(
      [...origins].filter((origin) => origin !== service.url && origin !== 'null'),
      [],
    )
  },
)
