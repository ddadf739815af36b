import type { Test } from 'tap'
import type { Draft, Log, LogOptions, Notification } from '../../../src/log/log.ts'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'

/** How the suite gets at a driver. */
export interface LogHarness {
  /** Opens a new, empty log, and closes it when the test ends. Options that are not given are generous. */
  open(t: Test, options?: Partial<LogOptions>): Promise<OpenLog>
  /** What the driver can't do, with the reason. */
  readonly skips?: { readonly reopen?: string; readonly join?: string }
}

/** A log under test. */
export interface OpenLog {
  readonly log: Log
  /** Lets time pass for the log: a fake clock jumps, a server's clock is waited for. */
  pass(seconds: number): Promise<void>
  /** Opens the same store once more, as another instance does; it is closed when the test ends. */
  join(): Promise<Log>
  /** Closes the log and opens the same store again. */
  reopen(): Promise<Log>
}

const DEFAULTS: LogOptions = {
  retentionSeconds: 3600,
  retentionBytes: 64 * 1024 * 1024,
  idempotencySeconds: 120,
  maxScheduled: 1000,
}

/** The options a test asked for, and generous ones for the rest. */
export function logOptions(options: Partial<LogOptions> = {}): LogOptions {
  return { ...DEFAULTS, ...options }
}

/** Every channel there may be. */
export const EVERYTHING = new ChannelSet(['**'])

let drafted = 0
/** A draft with an id of its own. */
export function draft(channel: string, rest: Partial<Draft> = {}): Draft {
  return { channel, id: `id-${++drafted}`, data: JSON.stringify({ n: drafted }), ...rest }
}

/** Reads on until the end that the log has when this is called. */
export async function readAll(
  log: Log,
  channels: ChannelSet,
  after: number,
  limit = 1000,
): Promise<Notification[]> {
  const { last } = await log.bounds()
  const all: Notification[] = []
  let through = after
  while (through < last) {
    const page = await log.read(channels, through, limit)
    if (page.through < through || (page.through === through && page.notifications.length > 0)) {
      throw new Error(`a page goes back from ${through} to ${page.through}`)
    }
    all.push(...page.notifications)
    through = page.through
  }
  return all
}
