import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type JWK, SignJWT } from 'jose'

/** One who signs, and the public key as a JWKS has it. */
export interface Signer {
  readonly jwk: JWK
  /** a token with the signer's `kid`; its `sub` is 42 unless `claims` say otherwise, and it is good for an hour */
  sign(claims?: Readonly<Record<string, unknown>>): Promise<string>
}

/** Makes an Ed25519 key called `kid`. */
export function makeSigner(kid: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'EdDSA', use: 'sig' },
    sign: (claims = {}) =>
      new SignJWT({ sub: '42', exp: Math.floor(Date.now() / 1000) + 3600, ...claims })
        .setProtectedHeader({ alg: 'EdDSA', kid })
        .sign(privateKey),
  }
}

/** Publishes keys at `url` of the loopback. */
export interface IdentityProvider {
  readonly url: string
  /** how often it was asked */
  asked: number
  /** what it answers */
  answer: RequestListener
}

/** Listens until `t` ends. */
export async function startIdentityProvider(
  t: { teardown(fn: () => unknown): void },
  keys: readonly unknown[] = [],
): Promise<IdentityProvider> {
  const server = createServer((request, response) => {
    provider.asked++
    provider.answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const provider = { url: `http://127.0.0.1:${port}/jwks.json`, asked: 0, answer: answerWith({ keys }) }
  return provider
}

/** Answers every request with `body` as JSON. */
export function answerWith(body: unknown, status = 200): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
}
