import { unpack } from './value.ts'

const JSON_TYPE = 'application/json'
const MSGPACK_TYPE = 'application/msgpack'

/** A `fetch` that asks for MessagePack where it is told to ask for JSON. `json()` reads either, whichever the answer is. */
export function msgpackFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init = {}) => {
    const headers = new Headers(init.headers)
    if (headers.get('accept') === JSON_TYPE) headers.set('accept', MSGPACK_TYPE)
    const response = await fetch(input, { ...init, headers })
    if (response.headers.get('content-type') !== MSGPACK_TYPE) return response
    return Object.assign(response, { json: async () => unpack(await response.arrayBuffer()) })
  }
}
