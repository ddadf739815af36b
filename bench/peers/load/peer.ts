import { fileURLToPath } from 'node:url'
import type { TransportKind } from '../../../src/protocol/messages.ts'
import type { Teardown } from '../../../test/support/nats.ts'
import type { Server } from '../../harness/child.ts'

/** Options of the load generator. */
export type Options = readonly (string | number)[]

/** A server that pushes, and how the load generator speaks with it. All subscribers are on one channel. */
export interface LoadPeer {
  readonly name: string
  /** why it can't be measured here; `undefined` when it can */
  lacks?(): string | undefined
  start(ends: Teardown): Promise<Server>
  /** how one subscribes, over the transports that it has */
  readonly subscribe: Partial<Record<TransportKind, Options>>
  /**
   * How one publishes.
   * @param count notifications in one request
   */
  publish(count: number): Options
  /** the most notifications that it takes in one request; 1 where nothing is said */
  readonly mostAtOnce?: number
}

/** Bytes of padding that bring a numbered event of `events` to about the 200 bytes of the load generator's own. */
const PAD_BYTES = 140

/**
 * Templates of `count` events, told apart by their numbers: the load generator's own event is the same throughout a request. The
 * numbers begin with 1, for JSON has none that begin with 0.
 */
export function events(count: number): string[] {
  if (count === 1) return ['{event}']
  const digits = `${count - 1}`.length
  return Array.from(
    { length: count },
    (_, i) => `{"m":"{marker}","n":1{i}${`${i}`.padStart(digits, '0')},"ts":{ts},"pad":"{pad}"}`,
  )
}

/** Options for the events of `events`. */
export const EVENT_SIZE: Options = ['--payload', 200, '--pad', PAD_BYTES]

/** The command that runs one of the servers beside this file. */
export function serverCommand(file: string): string[] {
  return [process.execPath, '--import=tsx', fileURLToPath(new URL(`./servers/${file}`, import.meta.url))]
}

/** What those servers print when they listen. */
export const LISTENING = /^listening on (\d+)$/
