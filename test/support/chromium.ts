import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'

/** Nothing but the page that a test opens: no window, no extras, nobody called. */
export const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** What a test that needs a browser has. */
interface BrowserTest {
  /** an empty directory that goes with the test */
  testdir(): string
  teardown(fn: () => Promise<void>): void
}

/** Starts the system's Chromium with a fresh profile, and closes it when `t` ends. */
export async function startChromium(
  t: BrowserTest,
  options: Parameters<typeof chromium.launchPersistentContext>[1] = {},
): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(join(t.testdir(), 'profile'), {
    executablePath: findChromium(),
    args: CHROMIUM_FLAGS,
    ...options,
  })
  t.teardown(() => context.close())
  return context
}

/** The system's Chromium. */
export function findChromium(): string {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, 'chromium'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
  if (!found) throw new Error('there is no chromium on the PATH')
  return found
}
