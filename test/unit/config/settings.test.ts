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

const API_KEYS = [{ name: 'shop', sha256: 'aB'.repeat(32) }] as const

const CASES: readonly (readonly [string, readonly unknown[], readonly unknown[]])[] = [
  ['TIDINGS_HOST', ['::1', '0.0.0.0', 'localhost'], ['', 'a b', 'a\n', 'a\0', 1]],
  ['TIDINGS_PORT', ['0', '65535', 8080], ['-1', '65536', '80a', '8e1', '0x50', '1.0', ' 80', '', 1.5, true]],
  ['TIDINGS_WORKERS', ['1', '256', 2], ['0', '257', '-1', 'auto', 1.5]],
  ['TIDINGS_AUTH', ['none', 'jwt'], ['', 'None', 'JWT']],
  [
    'TIDINGS_JWT_SECRET',
    ['', 'x'.repeat(32), 'ä'.repeat(1024)],
    ['x'.repeat(31), 'x'.repeat(1025), '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA', `${'x'.repeat(31)}\0`],
  ],
  ['TIDINGS_JWT_PUBLIC_KEY_FILE', ['', '/etc/jwt.pem'], ['a\0']],
  [
    'TIDINGS_JWT_JWKS_URL',
    ['', 'https://id.example/.well-known/jwks.json', 'http://127.0.0.1:1/', 'https://id.example/j?a=b@c'],
    ['id.example', 'ftp://id.example/', 'https://u:p@id.example/', 'https://id.example/ a', 'https://'],
  ],
  [
    'TIDINGS_JWT_ALGORITHMS',
    ['', 'HS256', 'RS256,ES256, EdDSA', ['HS256']],
    ['none', 'HS512', 'rs256', 'RS256,', 'RS256 ES256', [1], 1],
  ],
  ['TIDINGS_JWT_ISSUER', ['', 'https://id.example/'], ['a\0', 'x'.repeat(1025)]],
  ['TIDINGS_JWT_AUDIENCE', ['', 'tidings'], ['a\0', 'x'.repeat(1025)]],
  ['TIDINGS_JWT_CLOCK_TOLERANCE_SECONDS', ['0', '300'], ['-1', '301']],
  [
    'TIDINGS_DEFAULT_SUBSCRIBE',
    ['', 'user:{sub}', 'news:**, user:{sub}:*', ['news']],
    ['{sub', 'a:x{sub}', '{SUB}', 'a b', 'a:**:b', 'a,', 'a,,b', '{sub}:'],
  ],
  ['TIDINGS_DEFAULT_PUBLISH', ['', 'user:{sub}'], ['user:{name}']],
  ['TIDINGS_TOKEN_COOKIE', ['', 'session', '__Host-token'], ['a b', 'a=b', 'a;b', 'x'.repeat(129), 1]],
  [
    'TIDINGS_API_KEYS',
    ['[]', API_KEYS, JSON.stringify(API_KEYS), [{ ...API_KEYS[0], publish: ['user:**'], admin: true }]],
    [
      '',
      '[',
      '{}',
      [{ name: 'shop' }],
      [{ ...API_KEYS[0], sha256: 'tdk_in_clear' }],
      [{ ...API_KEYS[0], name: '' }],
      [{ ...API_KEYS[0], publish: ['a b'] }],
      [{ ...API_KEYS[0], admin: 'yes' }],
      [{ ...API_KEYS[0], grants: [] }],
      [...API_KEYS, ...API_KEYS],
    ],
  ],
  ['TIDINGS_METRICS', ['admin', 'everyone'], ['', 'none', true]],
  [
    'TIDINGS_ALLOWED_ORIGINS',
    ['', '*', 'https://app.example', 'http://[::1]:8080, https://b.example', ['https://a.example']],
    [
      'https://App.example',
      'https://a.example/',
      'https://a.example:443',
      'a.example',
      'null',
      'file://',
      'a,',
      1,
    ],
  ],
  [
    'TIDINGS_TRUST_PROXY',
    ['', '10.0.0.1', '10.0.0.0/8,::1', 'fd00::/64', 'loopback', ['uniquelocal']],
    ['true', '1', '10.0.0.0/33', '10.0.0.0/0', '::/129', '10.0.0.0/8/8', '10.0.0.256', 'proxy.example', 2],
  ],
  ['TIDINGS_LOG', ['embedded', 'memory', 'nats'], ['', 'Memory', 'redis']],
  ['TIDINGS_DATA_DIR', ['/var/lib/tidings', '.'], ['', 'a\0b', 'x'.repeat(4097)]],
  [
    'TIDINGS_NATS_URL',
    ['nats://h:4222', 'tls://h', 'nats://a,nats://b', 'nats://[::1]:4222'],
    ['', 'h:4222', 'http://h', 'nats://u:p@h', 'nats://a, nats://b', 'nats://a,', 'nats://a/b'],
  ],
  ['TIDINGS_NATS_STREAM', ['tidings', 'A-1_b'], ['', 'a.b', 'a b', '*', 'x'.repeat(33)]],
  ['TIDINGS_NATS_REPLICAS', ['1', '5'], ['0', '6']],
  ['TIDINGS_NATS_USER', ['', 'tidings'], ['a\0', 'x'.repeat(256)]],
  ['TIDINGS_NATS_PASSWORD', ['', 'p ä'], ['a\0', 'x'.repeat(1025)]],
  ['TIDINGS_NATS_TOKEN', ['', 't'], ['a\0', 'x'.repeat(1025)]],
  ['TIDINGS_NATS_NKEY', ['', `SU${'A'.repeat(56)}`], ['SU', `SA${'A'.repeat(56)}`, `SU${'1'.repeat(56)}`]],
  ['TIDINGS_NATS_CREDS_FILE', ['', '/etc/nats.creds'], ['a\0']],
  ['TIDINGS_NATS_CA_FILE', ['', '/etc/ca.pem'], ['a\0']],
  ['TIDINGS_RETENTION_SECONDS', ['1', 60], ['0', '1d', Number.MAX_VALUE]],
  ['TIDINGS_RETENTION_BYTES', ['1 KiB', '1GiB', 1024], ['1023', '1 GB', '1.5 GiB', '9'.repeat(30)]],
  ['TIDINGS_IDEMPOTENCY_SECONDS', ['1'], ['0']],
  ['TIDINGS_HEARTBEAT_SECONDS', ['1', '3600'], ['0', '3601']],
  ['TIDINGS_DRAIN_SECONDS', ['0', '3600'], ['-1', '3601']],
  ['TIDINGS_MAX_CONNECTIONS', ['1', '1000000'], ['0', '1000001']],
  ['TIDINGS_MAX_CONNECTIONS_PER_ADDRESS', ['1', '1000000'], ['0', '1000001']],
  ['TIDINGS_MAX_CONNECTIONS_PER_PRINCIPAL', ['1', '1000000'], ['0', '1000001']],
  ['TIDINGS_MAX_SCHEDULED', ['1', '1000000'], ['0', '1000001']],
  ['TIDINGS_ADDRESS_CONNECTS_PER_SECOND', ['0', '1000000'], ['-1', '1000001']],
  ['TIDINGS_PRINCIPAL_CONNECTS_PER_SECOND', ['0', '1000000'], ['-1', '1000001']],
  ['TIDINGS_ADDRESS_PUBLISHES_PER_SECOND', ['0', '1000000'], ['-1', '1000001']],
  ['TIDINGS_PRINCIPAL_PUBLISHES_PER_SECOND', ['0', '1000000'], ['-1', '1000001']],
  ['TIDINGS_STREAM_FRAMES_PER_SECOND', ['0', '1000000'], ['-1', '1000001']],
  ['TIDINGS_ADDRESS_FRAMES_PER_SECOND', ['0', '1000000'], ['-1', '1000001']],
  ['TIDINGS_PRINCIPAL_FRAMES_PER_SECOND', ['0', '1000000'], ['-1', '1000001']],
  ['TIDINGS_STREAM_SUBSCRIBES_PER_SECOND', ['0', '1000000'], ['-1', '1000001']],
  ['TIDINGS_ADDRESS_SUBSCRIBES_PER_SECOND', ['0', '1000000'], ['-1', '1000001']],
  ['TIDINGS_PRINCIPAL_SUBSCRIBES_PER_SECOND', ['0', '1000000'], ['-1', '1000001']],
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
