import t from 'tap'
import { parseVia } from '../../../src/protocol/fallbacks.ts'

t.test('what is known counts once, and everything else for nothing', async (t) => {
  t.strictSame(parseVia('websocket.silent,sse.failed'), ['websocket.silent', 'sse.failed'])
  t.strictSame(parseVia('sse.silent,sse.silent'), ['sse.silent'])
  for (const odd of [
    '',
    ',',
    'websocket',
    'WEBSOCKET.silent',
    ' sse.failed',
    'long-poll.failed',
    '__proto__',
  ]) {
    t.strictSame(parseVia(odd), [], odd)
  }
})

t.test('what comes after eight entries is not looked at', async (t) => {
  t.strictSame(parseVia(`${'x,'.repeat(7)}sse.failed`), ['sse.failed'])
  t.strictSame(parseVia(`${'x,'.repeat(8)}sse.failed`), [])
})
