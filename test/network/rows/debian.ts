import { startHaproxy, startNginx, startSquid } from '../../support/network/debian.ts'
import { type Row, seconds } from '../../support/network/row.ts'
import { AIM, behindProgram, fallSilent } from './stages.ts'

/** Real proxies before the service, as they come but for what a port of the loopback needs. */
export const reverseProxies: readonly Row[] = [
  {
    name: 'nginx, plain proxy_pass',
    ends: ['sse'],
    aim: AIM.one,
    start: behindProgram(async (t, port) => ({ url: await startNginx(t, port) })),
  },
  {
    name: 'HAProxy, time-outs of 5 s',
    ends: ['websocket'],
    aim: AIM.one,
    start: behindProgram(
      async (t, port) => ({ url: await startHaproxy(t, port) }),
      fallSilent(seconds(14, 60)),
    ),
  },
]

/** Real proxies that clients are told to use. */
export const forwardProxies: readonly Row[] = [
  {
    name: 'squid, CONNECT to 443 only',
    ends: ['sse'],
    aim: AIM.one,
    start: behindProgram(async (t, port) => ({
      url: `http://127.0.0.1:${port}`,
      forward: await startSquid(t, false),
    })),
  },
  {
    name: 'squid, CONNECT to any port',
    ends: ['websocket'],
    aim: AIM.one,
    start: behindProgram(async (t, port) => ({
      url: `http://127.0.0.1:${port}`,
      forward: await startSquid(t, true),
    })),
  },
]
