/**
 * The bad clients of scenario `hostile`, in a process of their own: `attackers.ts PORT COUNT`. Opens COUNT of each kind, and goes on
 * with them until it is killed, or its parent ends. Says `open` when all are.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { ATTACKS, type Attacker, type AttackName, attack } from '../../test/support/attacks.ts'

/** So many are opened, or go on, at once: a burst of all would be a load on the machine, and not on the service. */
const AT_ONCE = 20
const EVERY_MS = 50

const [port = 0, count = 0] = process.argv.slice(2).map(Number)
const names = Object.keys(ATTACKS) as AttackName[]
const attackers: Attacker[] = []

process.once('disconnect', () => process.exit())
for (let i = 0; i < count; i++) {
  for (const name of names) attackers.push(attack(name, port))
  if (attackers.length % AT_ONCE === 0) await pause(EVERY_MS)
}
process.send?.('open')
for (;;) {
  for (const [i, attacker] of attackers.entries()) {
    attacker.goOn()
    if (i % AT_ONCE === 0) await pause(EVERY_MS)
  }
}
