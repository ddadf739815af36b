import { startServer } from '../../harness/child.ts'
import { EVENT_SIZE, events, LISTENING, type LoadPeer, serverCommand } from './peer.ts'

/** `ws` alone, with frames that are encoded once for all: about the least that Node can do. */
export const ws: LoadPeer = {
  name: 'ws',
  start: (ends) => startServer(ends, { command: serverCommand('ws.ts'), listening: LISTENING }),
  subscribe: { websocket: ['--transport', 'ws', '--path', '/'] },
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
