/**
 * The last step of `npm run build`: writes `dist/client.js`, which the service has at `/client.js`. That it is no larger than promised
 * is for a test to say: another release of zlib, by some bytes, must not keep the service from starting.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { bundleClient, MOST_BYTES, sizeOf } from './client-bundle.ts'

const code = await bundleClient()
const dist = new URL('../dist/', import.meta.url)
mkdirSync(dist, { recursive: true })
writeFileSync(new URL('client.js', dist), code)

const size = sizeOf(code)
console.log(`dist/client.js: ${code.length} bytes, ${size} gzipped (at most ${MOST_BYTES})`)
