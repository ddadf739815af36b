import t from 'tap'
import type { Authenticator } from '../../src/auth/authenticator.ts'
import { settingsSchema } from '../../src/config/settings.ts'
import { openAuthenticator } from '../../src/open-authenticator.ts'
import { startApp } from '../support/app.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { openRaw } from '../support/raw-http.ts'
import { ADMIN, answerTo, inSeconds, REVOCATION_SETTINGS, revoke } from '../support/revocations.ts'
import { mintToken } from '../support/tokens.ts'
import { until } from '../support/until.ts'

type Teardown = Parameters<typeof openRaw>[0]

const PUBLISH = { path: '/v1/notifications', body: '{"channel":"a","data":1}' }
const REVOKE = { path: '/v1/revocations', body: JSON.stringify({ sub: 'x', until: inSeconds(3600) }) }

/** A service in which time passes when the test says so, and how often it has found the token of `sub` 42 good. */
async function serve(t: Teardown) {
  const clock = new ManualClock(setImmediate)
  const inner = openAuthenticator(settingsSchema.parse(REVOCATION_SETTINGS), clock)
  let found = 0
  const authenticator: Authenticator = {
    async authenticate(credential) {
      const principal = await inner.authenticate(credential)
      if (principal.subject === '42') found++
      return principal
    },
  }
  const service = await startApp(t, { settings: REVOCATION_SETTINGS, authenticator, clock })
  return { clock, service, found: () => found }
}

/** A token that may do everything for a minute. */
function mint(clock: ManualClock): Promise<string> {
  return mintToken({ exp: clock.now() / 1000 + 60, tidings: { publish: ['**'], admin: true } })
}

for (const { path, body } of [PUBLISH, REVOKE]) {
  const head = (token: string) =>
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`

  for (const [code, pass] of [
    ['token-expired', async ({ clock }) => clock.pass(60_000)],
    [
      'token-revoked',
      async ({ service }, token) => {
        await revoke(service, { sub: '42', until: inSeconds(3600) }, ADMIN)
        await until('it is refused', async () => (await answerTo(service, token)).status === 401)
      },
    ],
  ] as const satisfies [
    string,
    (served: Awaited<ReturnType<typeof serve>>, token: string) => Promise<void>,
  ][]) {
    t.test(`P-101 a body that comes when its token is ${code} is not taken: ${path}`, async (t) => {
      const served = await serve(t)
      const { service, clock, found } = served
      const token = await mint(clock)
      const connection = await openRaw(t, service.port)
      connection.socket.write(head(token))
      await until('the token was good', () => found() === 1)
      await pass(served, token)
      const { last } = await service.log.bounds()
      connection.socket.write(body)
      const answer = (await connection.rest()).toString()
      t.match(answer, /^HTTP\/1\.1 401 /)
      t.match(answer, `"code":"${code}"`)
      t.equal((await service.log.bounds()).last, last, 'nothing was stored')
    })
  }
}

t.test('P-101 a body that comes late, but before its token has run out, is taken', async (t) => {
  const { service, clock, found } = await serve(t)
  const connection = await openRaw(t, service.port)
  const { path, body } = PUBLISH
  connection.socket.write(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${await mint(clock)}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
  )
  await until('the token was good', () => found() === 1)
  clock.pass(59_999)
  connection.socket.write(body)
  t.match((await connection.rest()).toString(), /^HTTP\/1\.1 201 /)
})
