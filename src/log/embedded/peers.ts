import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { PATIENCE_MS, type Peers } from '../peers.ts'

const SOCKET = /^peer-[0-9a-f]{16}$/
/** The most that is asked or answered: a page of a thousand names takes half of it. */
const MAX_BYTES = 512 * 1024
/** The longest path that a socket may have, in bytes, less the name of ours (unix(7): 108 on Linux, 104 elsewhere). */
const LONGEST_DIRECTORY = 80

/**
 * The processes that have opened the same log: each listens on a socket in its directory, and whoever asks connects to all of them. The
 * socket of a process that has died is taken away by who finds it.
 */
export class SocketPeers implements Peers {
  readonly #directory: string
  readonly #descriptor: number | undefined
  readonly #name = `peer-${randomBytes(8).toString('hex')}`
  #server: Server | undefined

  /** @param directory of the log; it must be there */
  constructor(directory: string) {
    const isLong = Buffer.byteLength(directory) > LONGEST_DIRECTORY
    // A way around (Linux): the directory by a file descriptor that is kept until all is closed.
    this.#descriptor = isLong ? openSync(directory, 'r') : undefined
    this.#directory = isLong ? `/proc/self/fd/${this.#descriptor}` : directory
  }

  answer(tell: (question: unknown) => unknown): void {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => void reply(socket, tell))
      // Where a file system has no sockets each process is alone.
      .on('error', () => {})
      // Else a worker would have its primary listen, for which a descriptor is another.
      .listen({ path: join(this.#directory, this.#name), exclusive: true })
      .unref()
  }

  async ask(question: unknown): Promise<unknown[]> {
    const others = readdirSync(this.#directory).filter((name) => SOCKET.test(name) && name !== this.#name)
    const text = JSON.stringify(question)
    const answers = await Promise.all(others.map((name) => this.#askOne(name, text)))
    return answers.filter((answer) => answer !== undefined)
  }

  close(): void {
    // Takes its socket away, before the directory is out of reach.
    this.#server?.close()
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
  }

  /** @returns `undefined` when there is no answer */
  async #askOne(name: string, question: string): Promise<unknown> {
    const path = join(this.#directory, name)
    const socket = connect(path).setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer')))
    try {
      socket.end(question)
      return JSON.parse(await read(socket))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')
        rmSync(path, { force: true })
      return undefined
    }
  }
}

/** All that the other side says. Whoever says more than MAX_BYTES is cut off. */
function read(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  return new Promise((resolve, reject) => {
    socket
      .on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= MAX_BYTES) chunks.push(chunk)
        else socket.destroy(new Error('too much'))
      })
      .on('end', () => resolve(Buffer.concat(chunks).toString()))
      .on('error', reject)
      .on('close', () => reject(new Error('cut off')))
  })
}

async function reply(socket: Socket, tell: (question: unknown) => unknown): Promise<void> {
  socket.setTimeout(PATIENCE_MS, () => socket.destroy())
  try {
    socket.end(JSON.stringify(tell(JSON.parse(await read(socket)))))
  } catch {
    // Who gets no answer does without.
    socket.destroy()
  }
}
