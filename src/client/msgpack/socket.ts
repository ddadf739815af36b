import { attempt, type Socket, type SocketConstructor } from '../platform.ts'
import { pack, unpack } from './value.ts'

const JSON_PROTOCOL = 'tidings.v1.json'
const MSGPACK_PROTOCOL = 'tidings.v1.msgpack'

type BinarySocket = Omit<Socket, 'send'> & { binaryType: string; send(bytes: Uint8Array<ArrayBuffer>): void }

/** A WebSocket whose frames are MessagePack. `send` takes JSON text, as that of any; `onmessage` gets the message itself, as `data`. */
export function msgpackSocket(WebSocket: SocketConstructor): SocketConstructor {
  return class implements Socket {
    onmessage: Socket['onmessage'] = null
    onclose: Socket['onclose'] = null
    onerror: Socket['onerror'] = null
    readonly #socket: BinarySocket

    constructor(url: string, protocols: string[]) {
      const offered = protocols.map((protocol) => (protocol === JSON_PROTOCOL ? MSGPACK_PROTOCOL : protocol))
      const socket = new WebSocket(url, offered) as unknown as BinarySocket
      socket.binaryType = 'arraybuffer'
      // What can't be read is no message, and ends the stream as nonsense in JSON does.
      socket.onmessage = ({ data }) => this.onmessage?.({ data: attempt(() => unpack(data as ArrayBuffer)) })
      socket.onclose = (event) => this.onclose?.(event)
      socket.onerror = (event) => this.onerror?.(event)
      this.#socket = socket
    }

    get readyState(): number {
      return this.#socket.readyState
    }

    send(text: string): void {
      this.#socket.send(pack(JSON.parse(text)))
    }

    close(): void {
      this.#socket.close()
    }
  }
}
