import type { Teardown } from '../nats.ts'
import type { Feed, Publish } from './feed.ts'
import type { Way } from './runtime.ts'
import type { Serve } from './service.ts'

/** What a row of the matrix sets up: a service, a network before it, and what happens to both. */
export interface Stage extends Way {
  /** past the network */
  readonly publish: Publish
  /** What happens from the moment that clients connect; resolves when enough has. */
  course(scene: Scene): Promise<void>
}

/** What a course has at hand while clients are connected. */
export interface Scene {
  readonly feed: Feed
  /** Resolves when all clients are live, over `transport` if one is named. */
  live(transport?: string): Promise<void>
  /** Resolves when all clients are live, have got something, and so many seconds have passed since. */
  watch(seconds: number): Promise<void>
  /** Resolves after so many seconds: what is tested here takes real time. */
  pass(seconds: number): Promise<void>
  /** Says that from now on the network is good, or the service there. */
  healed(): void
}

/** One line of the matrix. */
export interface Row {
  readonly name: string
  /** the transports one of which must be in use at the end */
  readonly ends: readonly string[]
  /** the most seconds until the first notification that are aimed at; in a row that begins broken there is no such aim */
  readonly aim?: number
  /** Sets it up until `t` ends, with the service that `serve` starts. */
  start(t: Teardown, serve: Serve): Promise<Stage>
}

/** The long form of slow rows takes the times of the real world; the short one is for every day. */
export const isLong = Boolean(process.env['TIDINGS_TEST_LONG'])

/** Seconds, in the short form and in the long one. */
export function seconds(short: number, long: number): number {
  return isLong ? long : short
}
