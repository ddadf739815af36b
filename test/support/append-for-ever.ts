/**
 * A process that appends to the embedded log in the directory it is given until it is killed, several calls at a time. Each call brings
 * a batch whose ids are `<run>-<call>-<index>/<size>`; each outcome is told on stdout as `<position> <id>` once it is acknowledged.
 */
import { openEmbeddedLog } from '../../src/log/embedded.ts'

const [directory = '', run = ''] = process.argv.slice(2)
const log = openEmbeddedLog(directory, {
  retentionSeconds: 3600,
  retentionBytes: 1024 ** 3,
  idempotencySeconds: 120,
  maxScheduled: 1000,
})

let calls = 0

async function appendForEver(): Promise<never> {
  for (;;) {
    const call = calls++
    const size = 1 + (call % 20)
    const ids = Array.from({ length: size }, (_, i) => `${run}-${call}-${i}/${size}`)
    const outcomes = await log.append(
      ids.map((id) => ({ channel: `c:${call % 3}`, id, data: JSON.stringify('x'.repeat(call % 5000)) })),
    )
    process.stdout.write(outcomes.map(({ position }, i) => `${position} ${ids[i]}\n`).join(''))
  }
}

await Promise.all(Array.from({ length: 5 }, appendForEver))
