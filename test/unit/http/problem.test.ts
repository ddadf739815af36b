import t from 'tap'
import { Problem } from '../../../src/http/problem.ts'
import { CODES } from '../../../src/protocol/codes.ts'

t.test('a problem is rendered as RFC 9457 has it', async (t) => {
  const errors = [{ pointer: '/0/id', detail: 'is too long' }]
  t.strictSame(new Problem('bad-notification', 'One is bad.', { errors }).document(), {
    type: 'urn:tidings:error:bad-notification',
    title: CODES['bad-notification'].title,
    status: 400,
    detail: 'One is bad.',
    code: 'bad-notification',
    errors,
  })
  t.notOk('errors' in new Problem('not-found', 'No.').document(), 'no member without a use')
})

t.test('what a client has to do in HTTP itself stands in the headers', async (t) => {
  t.strictSame(new Problem('log-unavailable', 'No.', { retryAfter: 1 }).headers(), {
    'content-type': 'application/problem+json',
    'retry-after': '1',
  })
  t.strictSame(new Problem('method-not-allowed', 'No.', { allow: ['GET', 'HEAD'] }).headers(), {
    'content-type': 'application/problem+json',
    allow: 'GET, HEAD',
  })
})
