import { delay, down, loginPage, refuseUpgrade } from '../../support/network/faults.ts'
import { type Row, seconds } from '../../support/network/row.ts'
import { AIM, behindFaults } from './stages.ts'

/** How long it is bad, in seconds. */
const BLOCKED = seconds(4, 30)
const DOWN = seconds(5, 20)
const LOGIN = seconds(4, 20)

/** Far enough for notifications to come while one stream hands over to another. */
const FAR = delay(300)

/** Networks that are bad for a while. */
export const healing: readonly Row[] = [
  {
    name: 'WebSocket good, blocked, good again',
    ends: ['websocket'],
    aim: AIM.one,
    start: behindFaults([FAR], async ({ live, watch, healed }, proxy) => {
      await live('websocket')
      await watch(1)
      proxy.set(FAR, refuseUpgrade(403))
      proxy.cut()
      await watch(BLOCKED)
      proxy.set(FAR)
      healed()
      await live('websocket')
      await watch(2)
    }),
  },
  {
    name: `everything down for ${DOWN} s`,
    ends: ['websocket'],
    aim: AIM.one,
    start: behindFaults([], async ({ live, watch, pass, healed }, proxy) => {
      await live('websocket')
      await watch(1)
      proxy.set(down())
      proxy.cut()
      await pass(DOWN)
      proxy.set()
      healed()
      await live('websocket')
      await watch(2)
    }),
  },
  {
    name: `login page for ${LOGIN} s`,
    ends: ['websocket'],
    start: behindFaults([loginPage()], async ({ live, watch, pass, healed }, proxy) => {
      await pass(LOGIN)
      proxy.set()
      healed()
      await live('websocket')
      await watch(2)
    }),
  },
]
