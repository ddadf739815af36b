import { startHaproxy, startNginx, startSquid } from '../../support/network/debian.ts'
import { type Row, seconds } from '../../support/network/row.ts'
import { behindProgram, fallSilent } from './stages.ts'

/** Real proxies as they come, but for what a port of the loopback needs. */
export const debian: readonly Row[] = [
  {
    name: 'nginx, plain proxy_pass',
    ends: ['sse'],
    aim: 2.5,
    start: (t) => behindProgram(t, async (t, port) => ({ url: await startNginx(t, port) })),
  },
  {
    name: 'HAProxy, time-outs of 5 s',
    ends: ['websocket'],
    aim: 2.5,
    start: (t) =>
      behindProgram(
        t,
        async (t, port) => ({ url: await startHaproxy(t, port) }),
        fallSilent(seconds(14, 60)),
      ),
  },
  {
    name: 'squid, CONNECT to 443 only',
    ends: ['sse'],
    aim: 2.5,
    start: (t) => behindProgram(t, async (t, _, url) => ({ url, forward: await startSquid(t, false) })),
  },
  {
    name: 'squid, CONNECT to any port',
    ends: ['websocket'],
    aim: 2.5,
    start: (t) => behindProgram(t, async (t, _, url) => ({ url, forward: await startSquid(t, true) })),
  },
]
