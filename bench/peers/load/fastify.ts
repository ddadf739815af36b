import type { Teardown } from '../../../test/support/nats.ts'
import { type Server, startServer } from '../../harness/child.ts'
import { LISTENING, serverCommand } from './peer.ts'

/** Starts a Fastify route that takes publishes, parses their body, and does nothing with it. */
export function startFastify(ends: Teardown): Promise<Server> {
  return startServer(ends, { command: serverCommand('fastify.ts'), listening: LISTENING })
}
