/**
 * The bad clients of `bench/hostile.ts`, in a process of their own: `attackers.ts PORT COUNT`. Opens COUNT of each kind, and goes on
 * with them until its parent lets go of it; says `open` when all are, and to whatever it is told, how many the service has ended.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { ATTACKS, type Attacker, type AttackName, attack } from '../../test/support/attacks.ts'

/** So many are opened, or go on, at once: a burst of all would be a load on the machine, and not on the service. */
const AT_ONCE = 20
const EVERY_MS = 50

const [port = 0, count = 0] = process.argv.slice(2).map(Number)
const names = Object.keys(ATTACKS) as AttackName[]
const attackers: Attacker[] = []
let ended = 0

process.once('disconnect', () => process.exit())
process.on('message', () => process.send?.(ended))
for (let i = 0; i < count; i++) {
  for (const name of names) attackers.push(attack(name, port))
  if (attackers.length % AT_ONCE === 0) await pause(EVERY_MS)
}
for (const attacker of attackers) void attacker.ended.then(() => ended++)
process.send?.('open')
for (;;) {
  for (const [i, attacker] of attackers.entries()) {
    attacker.goOn()
    if (i % AT_ONCE === 0) await pause(EVERY_MS)
  }
}
