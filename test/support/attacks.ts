import { connect, type Socket } from 'node:net'
import { getBytes } from './raw-http.ts'

/** What a bad client does on a connection: what it sends at once, and then again and again. */
interface Attack {
  readonly first: string
  readonly again: string
}

/** A channel with far more on it than the kernels' buffers hold, for those who never read. */
export const BULK_CHANNEL = 'bulk'

const HEAD = getBytes('/v1/notifications', {
  'content-type': 'application/json',
  'content-length': '1000000',
})

/** Every way in which a client is bad here. */
export const ATTACKS = {
  'half-open': { first: '', again: '' },
  'slow-header': { first: HEAD.slice(0, -2), again: 'x: y\r\n' },
  'slow-body': { first: `POST ${HEAD.slice('GET '.length)}`, again: ' ' },
  'never-reading': {
    first: getBytes(`/v1/stream?channel=${BULK_CHANNEL}&cursor=earliest`, { accept: 'text/event-stream' }),
    again: '',
  },
} as const satisfies Record<string, Attack>

/** One of those ways. */
export type AttackName = keyof typeof ATTACKS

/** A client that attacks. */
export interface Attacker {
  /** its end of the connection, once that is open */
  readonly port: number | undefined
  /** Sends the next little piece. */
  goOn(): void
  stop(): void
}

/** Begins to attack the service at `port` of the loopback. */
export function attack(name: AttackName, port: number): Attacker {
  const { first, again } = ATTACKS[name]
  const socket: Socket = connect(port, '127.0.0.1', () => socket.write(first))
  // The others read, for only so they learn that they were ended; one that is stuck is told by a reset.
  if (name !== 'never-reading') socket.resume()
  socket.on('error', () => undefined)
  return {
    get port() {
      return socket.localPort
    },
    goOn() {
      if (again && socket.writable) socket.write(again)
    },
    stop: () => socket.destroy(),
  }
}
