import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from './problem.ts'

/** The hosts that a service goes by which only its own machine can reach, and which asks nobody who they are. */
export interface OwnHosts {
  /** origins whose hosts are its own, too, or `*` for every host */
  readonly allowedOrigins: readonly string[]
}

/** Has every request refused that does not say, or says twice, which host it is for; and with `own`, one for another host. */
export function registerHosts(app: FastifyInstance, own: OwnHosts | undefined): void {
  // Not earlier: `@fastify/websocket` ends an upgrade that is refused only when its own onRequest has seen it.
  app.addHook('preParsing', demandOneHost)
  if (own && !own.allowedOrigins.includes('*')) app.addHook('preParsing', ownHostDemander(own))
}

/** RFC 9112 §3.2 */
async function demandOneHost({ headers, raw }: FastifyRequest): Promise<void> {
  if (headers.host === undefined) {
    if (raw.httpVersion === '1.1') throw new Problem('bad-request', 'The request has no Host.')
    return
  }
  // Node takes the first, and a proxy may have taken the last.
  const count = raw.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length
  if (count > 1) throw new Problem('bad-request', 'The request has more than one Host.')
}

/**
 * Against DNS rebinding: a page of a name that its owner points to the loopback is of the same origin as this service, so that its
 * browser keeps nothing from it. Only `Host` tells, and it must be the connection's own: such a page may add `X-Forwarded-Host`.
 */
function ownHostDemander({ allowedOrigins }: OwnHosts): (request: FastifyRequest) => Promise<void> {
  const listed = new Set(allowedOrigins.map((origin) => new URL(origin).hostname))
  return async ({ headers: { host } }) => {
    if (host === undefined) return
    const name = host.replace(/:\d*$/, '').toLowerCase()
    if (isOfThisMachine(name) || listed.has(name)) return
    throw new Problem(
      'host-refused',
      `${name} is neither a name of this machine nor the host of an origin on the list.`,
    )
  }
}

/** Nobody can have such a name point elsewhere (RFC 6761 §6.3), and an address is no name. */
function isOfThisMachine(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0
}
