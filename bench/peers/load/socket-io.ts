import { startServer } from '../../harness/child.ts'
import { EVENT_SIZE, events, LISTENING, type LoadPeer, type Options, serverCommand } from './peer.ts'

const POLLING = '/socket.io/?EIO=4&transport=polling'

/** Connects to the default namespace, and answers pings (Engine.IO protocol 4). */
const SPOKEN: Options = ['--send', '40', '--expect', '40{', '--auto', '2=>3']

/** Socket.IO's own server, as it comes. */
export const socketIo: LoadPeer = {
  name: 'socket.io',
  start: (ends) => startServer(ends, { command: serverCommand('socket-io.ts'), listening: LISTENING }),
  subscribe: {
    websocket: ['--transport', 'ws', '--path', '/socket.io/?EIO=4&transport=websocket', ...SPOKEN],
    'long-poll': [
      ...['--transport', 'poll', '--path', POLLING, '--path-next', `${POLLING}&sid={cursor}`],
      ...['--cursor-json', 'sid', '--cursor-once', ...SPOKEN],
    ],
  },
  publish: (count) => [
    '--publish',
    '--pub-path',
    '/publish',
    ...EVENT_SIZE,
    '--pub-body',
    events(count).join('{nl}'),
  ],
  mostAtOnce: 1000,
}
