import t from 'tap'
import { loadSettings, SettingsError } from '../../../src/config/load.ts'

/** Loads settings, which must be refused, and returns the problems; without `file`, files are read from the disk. */
function problemsOf(env: Record<string, string>, file?: string): readonly string[] {
  try {
    if (file === undefined) loadSettings(env)
    else loadSettings(env, () => file)
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
  throw new Error('the settings were accepted')
}

t.test('Without any source the defaults hold', async (t) => {
  const settings = loadSettings({})
  t.match(settings, {
    host: '127.0.0.1',
    port: 8080,
    log: 'embedded',
    dataDir: './data',
    retentionSeconds: 86_400,
    retentionBytes: 1024 ** 3,
    idempotencySeconds: 120,
    heartbeatSeconds: 15,
    drainSeconds: 20,
  })
})

t.test('The environment goes before the file, and the file before the defaults', async (t) => {
  const read: string[] = []
  const settings = loadSettings({ TIDINGS_CONFIG: 'some.json', TIDINGS_PORT: '1' }, (path) => {
    read.push(path)
    return '{"port": 2, "heartbeatSeconds": 3}'
  })
  t.same(read, ['some.json'])
  t.match(settings, { port: 1, heartbeatSeconds: 3, drainSeconds: 20 })
})

t.test('Variables that do not begin with TIDINGS_ are left alone', async (t) => {
  t.equal(loadSettings({ PORT: 'x', HOST: '', TIDING_PORT: '9' }).port, 8080)
})

t.test('The settings can not be changed', async (t) => {
  t.ok(Object.isFrozen(loadSettings({})))
})

t.test('Bytes may be written plainly or with a binary unit', async (t) => {
  const bytes = (text: string) => loadSettings({ TIDINGS_WINDOW_BYTES: text }).windowBytes
  t.equal(bytes('65536'), 65_536)
  t.equal(bytes('64KiB'), 64 * 1024)
  t.equal(bytes('5 MiB'), 5 * 1024 ** 2)
  t.equal(bytes('2GiB'), 2 * 1024 ** 3)
})

t.test(
  'All problems of all sources are told at once, each with its name, what it was and what it may be',
  async (t) => {
    const env = {
      TIDINGS_CONFIG: 'some.json',
      TIDINGS_PORT: '70000',
      TIDINGS_LOG: 'disk',
      TIDINGS_WINDOW_BYTES: '1 MB',
      TIDINGS_HOST: '',
      HOME: '/root',
    }
    t.same(problemsOf(env, '{"maxChannels": 101, "drainSeconds": null}'), [
      'maxChannels in some.json was 101: it must be a whole number from 1 to 100',
      'drainSeconds in some.json was null: it must be a whole number from 0 to 3600',
      'TIDINGS_PORT was "70000": it must be a whole number from 0 to 65535',
      'TIDINGS_LOG was "disk": it must be one of embedded, memory, nats',
      'TIDINGS_WINDOW_BYTES was "1 MB": it must be a whole number of bytes, KiB, MiB or GiB from 64 KiB to 64 GiB',
      'TIDINGS_HOST was "": it must be an address or host name without white space',
    ])
  },
)

t.test(
  'A value in the file that may not stand is a problem though the environment overrides it',
  async (t) => {
    t.same(problemsOf({ TIDINGS_CONFIG: 'some.json', TIDINGS_PORT: '1' }, '{"port": -1}'), [
      'port in some.json was -1: it must be a whole number from 0 to 65535',
    ])
  },
)

t.test('A name that is no setting is a problem, with the nearest one where there is one', async (t) => {
  t.same(problemsOf({ TIDINGS_PROT: '1' }), [
    'TIDINGS_PROT was "1": there is no such setting; did you mean TIDINGS_PORT?',
  ])
  t.same(problemsOf({ TIDINGS_XYZZY_PLUGH_QUUX: '1' }), [
    'TIDINGS_XYZZY_PLUGH_QUUX was "1": there is no such setting',
  ])
  t.same(problemsOf({ TIDINGS_CONFIG: 'some.json' }, '{"maxChanels": 1, "__proto__": {}, "toString": 1}'), [
    'maxChanels in some.json was 1: there is no such setting; did you mean maxChannels?',
    '__proto__ in some.json was {}: there is no such setting',
    'toString in some.json was 1: there is no such setting',
  ])
})

t.test('A file that can not be read or is no JSON object is a problem beside the others', async (t) => {
  for (const file of ['[]', 'null', '"port"', '1']) {
    t.same(problemsOf({ TIDINGS_CONFIG: 'some.json', TIDINGS_PORT: 'x' }, file), [
      'TIDINGS_CONFIG was "some.json": it must name a file with one JSON object (it has another JSON value)',
      'TIDINGS_PORT was "x": it must be a whole number from 0 to 65535',
    ])
  }
  const [broken] = problemsOf({ TIDINGS_CONFIG: 'some.json' }, '{\n"port": \n}')
  t.match(broken, /^TIDINGS_CONFIG was "some.json": it must name a file with one JSON object \(.*JSON.*\)$/)
  const missing = problemsOf({ TIDINGS_CONFIG: 'does/not/exist.json' })
  t.match(missing, [/^TIDINGS_CONFIG was "does\/not\/exist.json": .*ENOENT/])
})

t.test('A problem is one line of bounded length, whatever the value', async (t) => {
  const [line = ''] = problemsOf({ TIDINGS_PORT: `1\n${'x'.repeat(10_000)}` })
  t.match(line, /^TIDINGS_PORT was "1\\nx+…: it must be/)
  t.ok(line.length < 300)
})

t.test('Several workers can not have the memory log', async (t) => {
  t.match(problemsOf({ TIDINGS_LOG: 'memory', TIDINGS_WORKERS: '2' }), [
    /^TIDINGS_WORKERS was 2: it must be 1 /,
  ])
  t.equal(loadSettings({ TIDINGS_LOG: 'memory', TIDINGS_WORKERS: '1' }).workers, 1)
  t.equal(loadSettings({ TIDINGS_WORKERS: '2' }).workers, 2)
})

t.test('Ways to prove who one is to NATS exclude each other, and a wrong secret is not shown', async (t) => {
  t.equal(
    problemsOf({ TIDINGS_NATS_USER: 'u', TIDINGS_NATS_PASSWORD: 'p', TIDINGS_NATS_TOKEN: 't' }).length,
    1,
  )
  t.match(problemsOf({ TIDINGS_NATS_USER: 'u' }), [/TIDINGS_NATS_PASSWORD was set alone/])
  const [problem] = problemsOf({ TIDINGS_NATS_NKEY: 'SUsecret' })
  t.match(problem, /^TIDINGS_NATS_NKEY was \(not shown\): it must be a user seed/)
  t.equal(loadSettings({ TIDINGS_NATS_URL: 'nats://a:1,tls://b' }).natsUrl, 'nats://a:1,tls://b')
})

t.test('Everyone may do everything only on a loopback address, unless that is chosen', async (t) => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost'])
    t.ok(loadSettings({ TIDINGS_HOST: host }))
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example']) {
    t.match(problemsOf({ TIDINGS_HOST: host }), [/^TIDINGS_AUTH was not set: .* it must be none; .* jwt$/])
    t.ok(loadSettings({ TIDINGS_HOST: host, TIDINGS_AUTH: 'none' }))
  }
  t.ok(loadSettings({ TIDINGS_CONFIG: 'x', TIDINGS_HOST: '0.0.0.0' }, () => '{"auth": "none"}'))
})

t.test('Keys count only where jwt is chosen, and that is told to whoever forgot', async (t) => {
  const keys: readonly Record<string, string>[] = [
    { TIDINGS_JWT_SECRET: 'x'.repeat(32) },
    { TIDINGS_JWT_PUBLIC_KEY_FILE: 'jwt.pem' },
    { TIDINGS_JWT_JWKS_URL: 'https://id.example/jwks.json' },
    { TIDINGS_API_KEYS: JSON.stringify([{ name: 'shop', sha256: '0'.repeat(64) }]) },
  ]
  for (const key of keys) {
    t.match(problemsOf(key), [/^TIDINGS_AUTH was not set, but keys were: it must be jwt/])
    t.equal(loadSettings({ ...key, TIDINGS_AUTH: 'jwt' }).auth, 'jwt')
    t.equal(loadSettings({ ...key, TIDINGS_AUTH: 'none' }).auth, 'none')
  }
})

t.test(
  'Mode jwt needs a key, no two sources of public keys, and keys for the algorithms listed',
  async (t) => {
    t.match(problemsOf({ TIDINGS_AUTH: 'jwt' }), [/^TIDINGS_AUTH was "jwt" without a key: .* must be set$/])
    const both = { TIDINGS_JWT_PUBLIC_KEY_FILE: 'jwt.pem', TIDINGS_JWT_JWKS_URL: 'https://id.example/' }
    t.match(problemsOf({ TIDINGS_AUTH: 'jwt', ...both }), [/set together: it must be one of them$/])
    const unkeyed = { TIDINGS_JWT_PUBLIC_KEY_FILE: 'jwt.pem', TIDINGS_JWT_ALGORITHMS: 'HS256,RS256' }
    t.match(problemsOf({ TIDINGS_AUTH: 'jwt', ...unkeyed }), [/HS256.*TIDINGS_JWT_SECRET must be set$/])
    const secret = { TIDINGS_JWT_SECRET: 'x'.repeat(32), TIDINGS_JWT_ALGORITHMS: 'HS256,RS256' }
    t.match(problemsOf({ TIDINGS_AUTH: 'jwt', ...secret }), [/others than HS256.*must be set$/])
  },
)

t.test('A wrong secret or API key is not shown', async (t) => {
  const [secret = '', keys = ''] = problemsOf({
    TIDINGS_JWT_SECRET: 'hunter2',
    TIDINGS_API_KEYS: '["tdk_x"]',
  })
  t.match(secret, /^TIDINGS_JWT_SECRET was \(not shown\): it must be 32 to 1024/)
  t.match(keys, /^TIDINGS_API_KEYS was \(not shown\): it must be a JSON array/)
})
