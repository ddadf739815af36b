import { setTimeout as pause } from 'node:timers/promises'

/** Resolves as soon as `condition` holds; looks every few milliseconds, and fails when it doesn't within `seconds`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 10,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`)
    await pause(2)
  }
}
