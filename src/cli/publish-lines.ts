import { fstatSync } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import type { Surroundings } from './command.ts'
import { batches, type Line } from './lines.ts'
import { CLEAR_LINE, progressLine } from './progress.ts'
import { failureOf } from './publish-failure.ts'
import { ServiceError } from './request.ts'
import { send } from './send.ts'
import type { Service } from './service.ts'

/**
 * Publishes the notifications of standard input, one a line, in order, batch by batch, and shows its progress on a terminal.
 * @param patience how long to try to publish a batch, in milliseconds
 * @returns how many notifications are published now
 * @throws Error that says which line is to blame, where one is, and which lines are published
 */
export async function publishLines(
  service: Service,
  patience: number,
  { stdin, stderr, signal }: Surroundings,
): Promise<string> {
  const size = fileSizeOf(stdin.fd)
  const clear = stderr.isTTY ? CLEAR_LINE : ''
  let read = 0
  let stored = 0
  let duplicates = 0
  /** the last line that is published, with all before it */
  let done = 0
  /** what is under way */
  let sent: readonly Line[] = []

  async function* counted(): AsyncGenerator<Buffer, void> {
    for await (const chunk of addAbortSignal(signal, stdin)) {
      read += chunk.length
      yield chunk
    }
  }

  async function publish(batch: readonly Line[]): Promise<void> {
    sent = batch
    const body = Buffer.concat(batch.flatMap(({ bytes }) => [bytes, Buffer.from('\n')]))
    const retrying = (words: string) => stderr.write(`${clear}${words}\n`)
    const answer = await send(service, body, { type: 'application/x-ndjson', patience, signal, retrying })
    const known = answer.filter(({ duplicate }) => duplicate).length
    duplicates += known
    stored += answer.length - known
    done = batch.at(-1)?.number ?? done
    sent = []
    if (stderr.isTTY) stderr.write(clear + progressLine({ read, size, notifications: stored + duplicates }))
  }

  try {
    for await (const batch of batches(counted())) await publishParts(batch, publish)
  } catch (error) {
    throw new Error(failureOf(error, { done, sent, wasStopped: signal.aborted }))
  } finally {
    stderr.write(clear)
  }
  return `${stored} published, ${duplicates} duplicates`
}

/** Publishes a batch, in parts if it is too large: a body, and what one may store, have limits that are the service's. */
async function publishParts(
  batch: readonly Line[],
  publish: (part: readonly Line[]) => Promise<void>,
): Promise<void> {
  try {
    await publish(batch)
  } catch (error) {
    if (!(error instanceof ServiceError && error.status === 413) || batch.length === 1) throw error
    const half = batch.length >> 1
    await publishParts(batch.slice(0, half), publish)
    await publishParts(batch.slice(half), publish)
  }
}

function fileSizeOf(descriptor: number): number | undefined {
  const input = fstatSync(descriptor)
  return input.isFile() ? input.size : undefined
}
