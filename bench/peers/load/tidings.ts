import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TransportKind } from '../../../src/protocol/messages.ts'
import type { Teardown } from '../../../test/support/nats.ts'
import { type Server, startServer } from '../../harness/child.ts'
import { temporaryDirectory } from '../../harness/temporary.ts'
import { EVENT_SIZE, events, type LoadPeer, type Options } from './peer.ts'

const ROOT = new URL('../../../', import.meta.url)

/** The options that `npm start` gives to Node. */
function nodeOptions(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'))
  return String(scripts.start).match(/--\S+/g) ?? []
}

/**
 * Starts this service as it is built and `npm start` does, with the memory log.
 * @param settings variables of the environment, over those
 */
export function startTidings(
  ends: Teardown,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  return startServer(ends, {
    command: [process.execPath, ...nodeOptions(), fileURLToPath(new URL('dist/main.js', ROOT))],
    env: { TIDINGS_PORT: '0', TIDINGS_LOG: 'memory', ...settings },
    listening: /Server listening at http:[^"]*:(\d+)"/,
    processes: Number(settings['TIDINGS_WORKERS'] ?? 1),
  })
}

/** Settings of the embedded log, in a directory that goes when `ends` ends. */
export function embeddedLog(ends: Teardown): Readonly<Record<string, string>> {
  return { TIDINGS_LOG: 'embedded', TIDINGS_DATA_DIR: temporaryDirectory(ends) }
}

/** How the load generator subscribes to a channel, whose name may hold `{id}`, the connection's number. */
export function subscribeTo(...channels: string[]): Readonly<Record<TransportKind, Options>> {
  const path = `/v1/stream?${channels.map((channel) => `channel=${channel}`).join('&')}`
  return {
    websocket: ['--transport', 'ws', '--path', path, '--expect', '"ready"'],
    sse: ['--transport', 'sse', '--path', path, '--expect', 'event: ready'],
    'long-poll': [
      '--transport',
      'poll',
      '--path',
      path,
      '--path-next',
      `${path}&cursor={cursor}`,
      '--cursor-json',
      'cursor',
    ],
  }
}

/** How the load generator publishes `count` notifications at once on a channel, whose name may hold `{i}`, the request's number. */
export function publishOn(channel: string, count: number): Options {
  const items = events(count).map((event) => `{"channel":"${channel}","data":${event}}`)
  return [
    ...['--publish', '--pub-path', '/v1/notifications', ...EVENT_SIZE],
    ...['--pub-body', count === 1 ? items.join() : `[${items.join()}]`],
  ]
}

/** This service. */
export const tidings: LoadPeer = {
  name: 'tidings',
  start: startTidings,
  subscribe: subscribeTo('c'),
  publish: (count) => publishOn('c', count),
  mostAtOnce: 1000,
}
