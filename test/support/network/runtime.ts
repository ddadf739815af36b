import type { Teardown } from '../nats.ts'
import type { Record } from './record.ts'

/** How clients get to the service. */
export interface Way {
  readonly url: string
  /** the forward proxy that they are told to use */
  readonly forward?: string
  /** Makes a source of tokens for one client, where the service wants them. */
  tokens?(): () => Promise<string>
}

/** A client that is ready to begin. */
export interface Client {
  readonly record: Record
  /** Connects, and records what happens until the test ends. */
  begin(): Promise<void>
}

/** Something that the SDK runs in. */
export interface Runtime {
  readonly name: string
  open(t: Teardown, way: Way): Promise<Client>
}
