import t from 'tap'
import { SETTINGS } from '../../../src/config/settings.ts'

/** Says whether the setting of that name in the environment takes the value. */
function accepts(variable: string, value: unknown): boolean {
  const setting = SETTINGS.find((candidate) => candidate.variable === variable)
  if (!setting) throw new Error(`no setting ${variable}`)
  return setting.accepts(value)
}

t.test(
  'A setting has the same name in the environment and in the file, each in its own spelling',
  async (t) => {
    const setting = SETTINGS.find(({ key }) => key === 'maxConnectionsPerAddress')
    t.equal(setting?.variable, 'TIDINGS_MAX_CONNECTIONS_PER_ADDRESS')
  },
)

t.test('Every setting takes its own default, as one would write it', async (t) => {
  for (const { variable, byDefault, accepts } of SETTINGS) t.ok(accepts(byDefault), variable)
})

const CASES: readonly (readonly [string, readonly unknown[], readonly unknown[]])[] = [
  ['TIDINGS_HOST', ['::1', '0.0.0.0', 'localhost'], ['', 'a b', 'a\n', 'a\0', 1]],
  ['TIDINGS_PORT', ['0', '65535', 8080], ['-1', '65536', '80a', '8e1', '0x50', '1.0', ' 80', '', 1.5, true]],
  ['TIDINGS_LOG', ['embedded', 'memory'], ['', 'Memory', 'nats']],
  ['TIDINGS_DATA_DIR', ['/var/lib/tidings', '.'], ['', 'a\0b', 'x'.repeat(4097)]],
  ['TIDINGS_RETENTION_SECONDS', ['1', 60], ['0', '1d', Number.MAX_VALUE]],
  ['TIDINGS_RETENTION_BYTES', ['1 KiB', '1GiB', 1024], ['1023', '1 GB', '1.5 GiB', '9'.repeat(30)]],
  ['TIDINGS_IDEMPOTENCY_SECONDS', ['1'], ['0']],
  ['TIDINGS_HEARTBEAT_SECONDS', ['1', '3600'], ['0', '3601']],
  ['TIDINGS_DRAIN_SECONDS', ['0', '3600'], ['-1', '3601']],
  ['TIDINGS_MAX_CONNECTIONS', ['1', '1000000'], ['0', '1000001']],
  ['TIDINGS_MAX_CONNECTIONS_PER_ADDRESS', ['1', '1000000'], ['0', '1000001']],
  ['TIDINGS_MAX_CHANNELS', ['1', '100'], ['0', '101']],
  ['TIDINGS_MAX_BODY_BYTES', ['1 KiB', '256 MiB'], ['1023', '257 MiB']],
  ['TIDINGS_MAX_FRAME_BYTES', ['128', '1 MiB'], ['127', '1025 KiB']],
  ['TIDINGS_WINDOW_BYTES', ['64 KiB', '64 GiB'], ['65535', '65 GiB']],
  ['TIDINGS_MAX_AGE_SECONDS', ['0', '31622400'], ['-1', '31622401']],
  ['TIDINGS_STALL_SECONDS', ['1', '86400'], ['0', '86401']],
  ['TIDINGS_REQUEST_TIMEOUT_SECONDS', ['1', '3600'], ['0', '3601']],
  ['TIDINGS_LOG_LEVEL', ['silent', 'trace'], ['INFO', 'verbose']],
]

t.test('Every setting is tried', async (t) => {
  t.same(
    CASES.map(([variable]) => variable),
    SETTINGS.map(({ variable }) => variable),
  )
})

for (const [variable, good, bad] of CASES) {
  t.test(`${variable} takes what it may be and nothing else`, async (t) => {
    for (const value of good) t.ok(accepts(variable, value), `takes ${JSON.stringify(value)}`)
    for (const value of bad)
      t.notOk(accepts(variable, value), `refuses ${JSON.stringify(value)?.slice(0, 40)}`)
  })
}

t.test('Ways to prove who one is to NATS exclude each other, and a wrong secret is not shown', async (t) => {
  t.equal(
    problemsOf({ TIDINGS_NATS_USER: 'u', TIDINGS_NATS_PASSWORD: 'p', TIDINGS_NATS_TOKEN: 't' }).length,
    1,
  )
  t.match(problemsOf({ TIDINGS_NATS_USER: 'u' }), [/TIDINGS_NATS_PASSWORD was set alone/])
  const [problem] = problemsOf({ TIDINGS_NATS_NKEY: 'SUsecret' })
  t.match(problem, /^TIDINGS_NATS_NKEY was \(not shown\): it must be a user seed/)
  t.match(problemsOf({ TIDINGS_NATS_URL: 'nats://user:secret@host' }).length, 1)
  t.equal(loadSettings({ TIDINGS_NATS_URL: 'nats://a:1,tls://b' }).natsUrl, 'nats://a:1,tls://b')
})
