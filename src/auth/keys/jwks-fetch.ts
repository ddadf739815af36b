import { createPublicKey, type JsonWebKey } from 'node:crypto'
import type { JWK } from 'jose'
import { z } from 'zod'
import { algorithmOf } from './public-key.ts'

/** For the whole answer, in milliseconds. */
const TIMEOUT_MS = 5_000
/** Of the answer, unpacked; hundreds of keys fit in. What is longer is given up at that point. */
const MAX_BYTES = 256 * 1024

const setSchema = z.object({ keys: z.array(z.unknown()) })

/** What is asked of a key of the set besides being one (RFC 7517 §4). Who publishes a private key (`d`) has none left to trust. */
const jwkSchema = z
  .looseObject({
    kid: z.string().optional(),
    alg: z.string().optional(),
    use: z.literal('sig').optional(),
    key_ops: z.array(z.string()).optional(),
  })
  .refine(({ d, key_ops }) => d === undefined && (key_ops === undefined || key_ops.includes('verify')))

/**
 * Fetches a JWKS (RFC 7517 §5) and returns those of its keys that tokens can be verified by, each with its `alg`; others may be
 * there (RFC 7517 §5: ignore them).
 * @throws Error that says why it could not be had; a redirect is one, for it would hand over to whom the operator did not name
 */
export async function fetchJwks(url: string): Promise<JWK[]> {
  const response = await fetch(url, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const body = await readBody(response)
  if (response.status !== 200) throw new Error(`it was answered with ${response.status}`)
  const { data } = setSchema.safeParse(JSON.parse(body))
  if (!data) throw new Error('the answer is no JWKS')
  return data.keys.map(toPublicJwk).filter((jwk) => jwk !== undefined)
}

async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > MAX_BYTES) throw new Error(`the answer has more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** The key in the form that Node gives it, with nothing in it but what is known here; `undefined` when it won't do. */
function toPublicJwk(jwk: unknown): JWK | undefined {
  const { data } = jwkSchema.safeParse(jwk)
  if (!data) return undefined
  try {
    const key = createPublicKey({ key: data as JsonWebKey, format: 'jwk' })
    const alg = algorithmOf(key)
    if (alg === undefined || (data.alg !== undefined && data.alg !== alg)) return undefined
    return { ...key.export({ format: 'jwk' }), alg, ...(data.kid !== undefined && { kid: data.kid }) }
  } catch {
    // a kind of key that Node does not know, or none at all
    return undefined
  }
}
