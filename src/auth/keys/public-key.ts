import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Algorithm, KeySource } from './key-source.ts'

/** RFC 7518 §3.3 */
const MIN_RSA_BITS = 2048
/** Beyond this a signature takes longer to check than anyone's own key could be worth. */
const MAX_RSA_BITS = 8192

/**
 * The one public key of a PEM file, for the algorithm that fits it.
 * @throws Error that says why it won't do
 */
export function publicKeySource(pem: string): KeySource {
  // Node would take the public half of it; but who puts a private key here gives it to more people than they mean to.
  if (pem.includes('PRIVATE KEY')) throw new Error('it is a private key')
  const key = createPublicKey(pem)
  const algorithm = algorithmOf(key)
  if (!algorithm) throw new Error('it is a key of another kind or size')
  return { algorithms: [algorithm], find: async () => key }
}

/** What signatures of this public key's owner are checked by; `undefined` when by nothing that is taken here. */
export function algorithmOf(key: KeyObject): Algorithm | undefined {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return modulusLength >= MIN_RSA_BITS && modulusLength <= MAX_RSA_BITS ? 'RS256' : undefined
    case 'ec':
      return namedCurve === 'prime256v1' ? 'ES256' : undefined
    case 'ed25519':
      return 'EdDSA'
    default:
      return undefined
  }
}
