import { LogUnavailable } from '../log/log.ts'

/** What `look` finds; `null` while the log can't be reached. */
export async function reached<Found>(look: () => Found | Promise<Found>): Promise<Found | null> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof LogUnavailable) return null
    throw error
  }
}
