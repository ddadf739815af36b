import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, credsAuthenticator, nkeyAuthenticator, nkeys } from '@nats-io/transport-node'
import t, { type Test } from 'tap'
import type { NatsLogOptions } from '../../src/log/nats/nats.ts'
import { draft, EVERYTHING } from '../contract/log/harness.ts'
import { noReset, openLog, startNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

/** Uses everything the log does, with a backlog large enough for flow control. */
async function useAll(t: Test, options: Partial<NatsLogOptions>): Promise<void> {
  const log = openLog(t, { ...options, idempotencySeconds: 1 })
  await log.ready
  const data = JSON.stringify('x'.repeat(60_000))
  const drafts = Array.from({ length: 400 }, () => draft('a', { data }))
  await log.append(drafts)
  const seen: string[] = []
  log.tail(0, (batch) => seen.push(...batch.map(({ id }) => id)), noReset)
  await until('the tail has all', () => seen.length === drafts.length)
  t.equal((await log.read(EVERYTHING, 0, 1)).notifications.length, 1)
  const { last } = await log.bounds()
  t.equal(await log.newest(EVERYTHING, 3), last - 3)
  const other = openLog(t, options)
  other.peers.answer(() => 'here')
  await until('it is heard', async () => (await log.peers.ask('who?'))[0] === 'here')
  await log.schedule.add([{ ...draft('a'), due: 0 }])
  await until('it is published', async () => (await log.schedule.publishDue()).published.length === 1)
  await until('it is forgotten', async () => (await log.schedule.publishDue()).next === undefined)
}

/** Says why the log is not ready. */
async function reason(t: Test, options: Partial<NatsLogOptions>): Promise<string> {
  const log = openLog(t, options)
  let why = ''
  await until('the reason is known', async () => {
    await t.rejects(
      log.bounds().catch((error: Error) => {
        why = error.message
        throw error
      }),
    )
    return !why.endsWith('not connected yet')
  })
  return why
}

t.test('the permissions in config/nats.conf are what the log needs, and no more', async (t) => {
  const probe = { user: 'tidings', pass: 'secret' }
  const server = await startNats(t, {
    file: 'config/nats.conf',
    env: { TIDINGS_NATS_PASSWORD: 'secret' },
    probe,
  })
  const credentials = { user: 'tidings', password: 'secret' }
  await useAll(t, { servers: [server.url], credentials })
  const changed = openLog(t, { servers: [server.url], credentials, retentionSeconds: 60 })
  await t.resolves(changed.ready, 'changed limits too')
  t.match(
    await reason(t, { servers: [server.url], credentials, name: 'other' }),
    /Permissions Violation/i,
    'another stream is out of reach',
  )
  t.match(
    await reason(t, { servers: [server.url], credentials: { user: 'tidings', password: 'wrong' } }),
    /Authorization Violation/,
  )
  const nc = await connect({ servers: server.url, ...probe })
  t.teardown(() => nc.close())
  const jsm = await jetstreamManager(nc, { checkAPI: false })
  await t.rejects(jsm.streams.purge('tidings'), /Permissions Violation/i)
  await t.rejects(jsm.streams.delete('tidings'), /Permissions Violation/i)
})

t.test('a token is proof enough where the server asks for one', async (t) => {
  const server = await startNats(t, {
    config: 'authorization { token: "secret" }',
    probe: { token: 'secret' },
  })
  await t.resolves(openLog(t, { servers: [server.url], credentials: { token: 'secret' } }).ready)
  t.match(await reason(t, { servers: [server.url] }), /Authorization Violation/)
})

t.test('an nkey is proof enough where the server knows its public half', async (t) => {
  const pair = nkeys.createUser()
  const seed = pair.getSeed()
  const server = await startNats(t, {
    config: `authorization { users: [{ nkey: ${pair.getPublicKey()} }] }`,
    probe: { authenticator: nkeyAuthenticator(seed) },
  })
  const nkey = new TextDecoder().decode(seed)
  await t.resolves(openLog(t, { servers: [server.url], credentials: { nkey } }).ready)
  t.match(await reason(t, { servers: [server.url] }), /Authorization Violation/)
})

t.test('a creds file is proof enough, and is read anew at every connect', async (t) => {
  const [operator, account, system] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()]
  const limits = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }
  const all = {
    subs: -1,
    conn: -1,
    leaf: -1,
    imports: -1,
    exports: -1,
    data: -1,
    payload: -1,
    wildcards: true,
  }
  const config = `
    operator: ${jwt(operator, operator, 'operator', { system_account: system.getPublicKey() })}
    system_account: ${system.getPublicKey()}
    resolver: MEMORY
    resolver_preload: {
      ${account.getPublicKey()}: ${jwt(operator, account, 'account', { limits: { ...all, ...limits } })}
      ${system.getPublicKey()}: ${jwt(operator, system, 'account', { limits: all })}
    }`
  const user = nkeys.createUser()
  const creds = [
    '-----BEGIN NATS USER JWT-----',
    jwt(account, user, 'user', { subs: -1, data: -1, payload: -1 }),
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    new TextDecoder().decode(user.getSeed()),
    '------END USER NKEY SEED------',
    '',
  ].join('\n')
  const server = await startNats(t, {
    config,
    probe: { authenticator: credsAuthenticator(new TextEncoder().encode(creds)) },
  })
  const credsFile = join(t.testdir({}), 'user.creds')
  const log = openLog(t, { servers: [server.url], credentials: { credsFile } })
  await t.rejects(log.bounds(), { name: 'LogUnavailable' })
  writeFileSync(credsFile, creds)
  await t.resolves(log.ready)
})

t.test('TLS trusts the given authority and no other', async (t) => {
  const directory = t.testdir({})
  const file = (name: string): string => join(directory, name)
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' })
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  openssl('req', '-x509', ...key, '-subj', '/CN=Test CA', '-keyout', 'ca.key', '-out', 'ca.pem')
  openssl(
    ...['req', '-x509', ...key, '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ...['-CA', 'ca.pem', '-CAkey', 'ca.key', '-keyout', 'server.key', '-out', 'server.pem'],
  )
  const server = await startNats(t, {
    config: `tls { cert_file: "${file('server.pem')}", key_file: "${file('server.key')}" }`,
    probe: { tls: { caFile: file('ca.pem') } },
  })
  await t.resolves(openLog(t, { servers: [server.url], tls: { caFile: file('ca.pem') } }).ready)
  t.match(await reason(t, { servers: [server.url] }), /certificate/)
})

/** Signs a NATS JWT of version 2: what `nsc` would do. */
function jwt(
  issuer: ReturnType<typeof nkeys.createUser>,
  subject: ReturnType<typeof nkeys.createUser>,
  type: 'operator' | 'account' | 'user',
  claims: object,
): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = encode({ typ: 'JWT', alg: 'ed25519-nkey' })
  const body = encode({
    jti: subject.getPublicKey(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: type,
    nats: { ...claims, type, version: 2 },
  })
  const signature = issuer.sign(new TextEncoder().encode(`${head}.${body}`))
  return `${head}.${body}.${Buffer.from(signature).toString('base64url')}`
}
