import type { ClientFrame, StreamMessage } from '../../src/client/transports/link.ts'

/** A WebSocket of a client, with the service's part of it in the test's hands. */
export class FakeSocket {
  readonly url: URL
  /** what the client has sent, in order */
  readonly frames: ClientFrame[] = []
  readyState = 1
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  onerror: (() => void) | null = null

  constructor(url: string) {
    this.url = new URL(url)
  }

  /** The channels that it was opened with. */
  get channels(): string[] {
    return this.url.searchParams.getAll('channel')
  }

  send(text: string): void {
    this.frames.push(JSON.parse(text))
  }

  close(): void {
    this.readyState = 3
  }

  /** The service says something, or closes with a code. */
  tell(message: StreamMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }

  end(code: number): void {
    this.readyState = 3
    this.onclose?.({ code })
  }

  /** The service says `ready`. */
  ready(cursor: string): void {
    const { channels } = this
    this.tell({ type: 'ready', cursor, transport: 'websocket', channels, heartbeat: 15 })
  }
}

/** Sockets that are opened to a service which says only what a test tells it to say. */
export function fakeService(): {
  readonly sockets: readonly FakeSocket[]
  readonly WebSocket: typeof FakeSocket
} {
  const sockets: FakeSocket[] = []
  return {
    sockets,
    WebSocket: class extends FakeSocket {
      constructor(url: string) {
        super(url)
        sockets.push(this)
      }
    },
  }
}
