import type { Teardown } from '../../support/nats.ts'
import { type Row, type Stage, seconds } from '../../support/network/row.ts'
import { CHANNEL, serveTidings } from '../../support/network/service.ts'
import { JWT_SECRET, mintToken } from '../../support/tokens.ts'
import { until } from '../../support/until.ts'
import { AIM } from './stages.ts'

/** How long a token is good, in seconds: the client asks for another after four fifths of that, and not before five. */
const LIFE = seconds(6, 20)
/** So many tokens run out while a client is connected. */
const EXPIRIES = 3
/** The time at which a client asks for a token in vain; it would ask again only when the one that it has has run out. */
const IN_VAIN = 3

/** A service that asks for tokens, and tokens that do not last. */
export const tokens: readonly Row[] = [
  { name: 'token expires three times', ends: ['websocket'], aim: AIM.one, start: expiring },
]

/** The client has a new token ahead of time, and once it can't have one: then the service ends the stream. */
async function expiring(t: Teardown): Promise<Stage> {
  const publisher = await mintToken({ tidings: { publish: [CHANNEL] } })
  const { port, publish } = await serveTidings(t, { auth: 'jwt', jwtSecret: JWT_SECRET }, publisher)
  /** for each client, the times at which its tokens run out, in milliseconds since 1970 */
  const expiries: number[][] = []

  function openSource(): () => Promise<string> {
    const its: number[] = []
    expiries.push(its)
    let asked = 0
    return async () => {
      if (++asked === IN_VAIN) throw new Error('no token')
      const exp = Math.ceil(Date.now() / 1000) + LIFE
      its.push(exp * 1000)
      return mintToken({ exp, tidings: { subscribe: [CHANNEL] } })
    }
  }

  return {
    url: `http://127.0.0.1:${port}`,
    publish,
    tokens: openSource,
    async course({ watch }) {
      const hasOutlived = (its: number[]) => its.filter((at) => at < Date.now()).length >= EXPIRIES
      const patience = LIFE * 2 * EXPIRIES + 20
      await until('tokens have run out', () => expiries.every(hasOutlived), patience)
      await watch(2)
    },
  }
}
