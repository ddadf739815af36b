import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
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

/** Starts the system's Chromium with a fresh profile, and closes it when `t` ends. */
export async function startChromium(
  t: { teardown(fn: () => Promise<void>): void },
  options: Parameters<typeof chromium.launchPersistentContext>[1] = {},
): Promise<BrowserContext> {
  const profile = await mkdtemp(join(tmpdir(), 'tidings-profile-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    args: CHROMIUM_FLAGS,
    ...options,
  })
  t.teardown(async () => {
    await context.close()
    // Some of its processes write to the end, and may outlive the one that was waited for.
    await rm(profile, { recursive: true, force: true, maxRetries: 10 })
  })
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
