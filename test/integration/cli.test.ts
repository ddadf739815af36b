import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { runCli, startCli } from '../support/cli.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'

const COMMANDS = ['serve', 'check-config', 'token', 'publish', 'tail', 'stats']

t.test('`--help` names every command, and explains one', async (t) => {
  const { code, stdout, stderr } = await runCli(t, ['--help'])
  t.equal(code, 0)
  t.equal(stderr, '')
  for (const command of COMMANDS) t.match(stdout, new RegExp(`^  ${command} `, 'm'))
  const help = await runCli(t, ['token', '--sub', '42', '-h'])
  t.match(help, { code: 0, stderr: '', stdout: /^tidings token.*^Examples:$/ms })
})

t.test('Called in a way it can not be, it exits with 64 and says why', async (t) => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /no command\..*check-config/s],
    [['tokne'], /no command "tokne"/],
    [['tail', 'a', '--cursr', 'x'], /--cursr/],
  ]
  for (const [args, stderr] of cases) {
    t.match(await runCli(t, args), { code: 64, stdout: '', stderr }, args.join(' '))
  }
})

t.test('`tidings token` prints a token and nothing else, and without a secret ends with 78', async (t) => {
  const good = await runCli(t, ['token', '--sub', '42'], { TIDINGS_JWT_SECRET: JWT_SECRET })
  t.match(good, { code: 0, stderr: '', stdout: /^[\w-]+\.[\w-]+\.[\w-]+\n$/ })
  t.match(await runCli(t, ['token', '--sub', '42']), { code: 78, stdout: '', stderr: /TIDINGS_JWT_SECRET/ })
})

t.test('`tidings check-config` shows what is in force and whence, and no secret', async (t) => {
  const file = join(t.testdir({ 'some.json': '{"heartbeatSeconds": 7, "port": 9}' }), 'some.json')
  const { code, stdout, stderr } = await runCli(t, ['check-config'], {
    TIDINGS_CONFIG: file,
    TIDINGS_PORT: '9000',
    TIDINGS_AUTH: 'jwt',
    TIDINGS_JWT_SECRET: JWT_SECRET,
    TIDINGSCLI_TOKEN: 'not a setting',
  })
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(stdout, /^TIDINGS_PORT +9000 +environment$/m)
  t.match(stdout, new RegExp(`^TIDINGS_HEARTBEAT_SECONDS +7 +file ${file}$`, 'm'))
  t.match(stdout, /^TIDINGS_WINDOW_BYTES +33554432 +default$/m)
  t.match(stdout, /^TIDINGS_JWT_SECRET +\(not shown\) +environment$/m)
  t.notOk(stdout.includes(JWT_SECRET))
})

t.test('`tidings check-config` says what is wrong, as the service would, and ends with 78', async (t) => {
  const wrong = await runCli(t, ['check-config'], { TIDINGS_PORT: 'x', TIDINGS_URL: 'http://a/' })
  t.match(wrong, { code: 78, stdout: '', stderr: /^TIDINGS_PORT was "x": .*\nTIDINGS_URL was .*\n$/ })
  const unread = { TIDINGS_AUTH: 'jwt', TIDINGS_JWT_PUBLIC_KEY_FILE: 'does/not/exist.pem' }
  t.match(await runCli(t, ['check-config'], unread), { code: 78, stdout: '', stderr: /ENOENT/ })
})

for (const workers of ['1', '2']) {
  t.test(`\`tidings serve\` is the service, with ${workers} of TIDINGS_WORKERS, and drains`, async (t) => {
    const cli = startCli(t, ['serve'], {
      TIDINGS_PORT: '0',
      TIDINGS_DATA_DIR: join(t.testdir(), 'data'),
      TIDINGS_DRAIN_SECONDS: '0',
      TIDINGS_WORKERS: workers,
      TIDINGSCLI_URL: 'http://is.no.setting/',
    })
    await cli.has('Server listening at')
    cli.process.kill('SIGTERM')
    const { code, stdout } = await cli.ended
    t.equal(code, 0)
    t.match(stdout, /"draining"/)
  })
}

t.test('`tidings serve` ends with 78 when its settings can not be used', async (t) => {
  t.match(await runCli(t, ['serve'], { TIDINGS_PORT: 'x' }), { code: 78, stderr: /^TIDINGS_PORT was "x"/ })
})

t.test('The command runs in Node with the options that `npm start` gives it', async (t) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  const [, options] = /node (.*) dist\/main\.js$/.exec(scripts.start) ?? []
  t.match(readFileSync('src/cli/main.ts', 'utf8').split('\n')[0], `#!/usr/bin/env -S node ${options}`)
})

t.test('`tidings stats` prints the figures, for programs and for people', async (t) => {
  const { url } = await startApp(t)
  const { code, stdout } = await runCli(t, ['stats', '--url', url])
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { workers: 1, connections: { all: 0 } })
  const pretty = await runCli(t, ['stats', '--format', 'pretty'], { TIDINGSCLI_URL: url })
  t.match(pretty, { code: 0, stdout: /^connections +0 +0 websocket/m, stderr: '' })
})

t.test('`tidings stats --watch` goes on until SIGINT, or until nobody reads it', async (t) => {
  const { url } = await startApp(t)
  const watched = startCli(t, ['stats', '--watch', '--url', url])
  await watched.has('"workers":1')
  watched.process.kill('SIGINT')
  t.match(await watched.ended, { code: 0, stderr: '', stdout: /^\{.*\}\n/ })

  const unread = startCli(t, ['stats', '--watch', '--url', url])
  await unread.has('"workers":1')
  unread.process.stdout.destroy()
  t.match(await unread.ended, { code: 0, stderr: '' })
})

t.test('A service that ends ends `tidings stats --watch` with 1', async (t) => {
  const { url, app } = await startApp(t)
  const cli = startCli(t, ['stats', '--watch', '--url', url])
  await cli.has('"workers":1')
  await app.server.close()
  t.match(await cli.ended, { code: 1, stderr: /figures|terminated/ })
})

t.test('What the service refuses is told with its code, what to do, and without the token', async (t) => {
  const { url } = await startApp(t, { settings: { auth: 'jwt', jwtSecret: JWT_SECRET } })
  const env = { TIDINGSCLI_URL: url }
  const commands = [
    ['publish', 'a', '1'],
    ['tail', 'a'],
    ['tail', 'a', '--transport', 'websocket'],
    ['stats'],
  ]
  const poor = await mintToken({ tidings: { subscribe: ['b'], publish: ['b'] } })
  const file = join(t.testdir({ token: `${poor}\n` }), 'token')
  for (const args of commands) {
    const nobody = await runCli(t, args, env)
    t.match(nobody, { code: 1, stdout: '', stderr: /^401 unauthenticated: .*--token-file/ }, args.join(' '))
    const broken = await runCli(t, args, { ...env, TIDINGSCLI_TOKEN: 'a.b.c' })
    t.match(broken, { code: 1, stdout: '', stderr: /^401 token-invalid: / })
    t.notOk(broken.stderr.includes('a.b.c'))
    const refused = await runCli(t, [...args, '--token-file', file], env)
    t.match(refused, { code: 1, stdout: '', stderr: /^403 forbidden: .*does not allow/ })
    t.notOk(refused.stderr.includes(poor))
  }
})

t.test('A service out of reach is told by its address, and ends with 1', async (t) => {
  const env = { TIDINGSCLI_URL: 'http://127.0.0.1:9/' }
  for (const args of [['publish', 'a', '1', '--retry-for', '0'], ['tail', 'a'], ['stats']]) {
    const { code, stderr } = await runCli(t, args, env)
    t.equal(code, 1, args.join(' '))
    t.match(stderr, /^http:\/\/127\.0\.0\.1:9\/ can't be reached: .+\n$/)
  }
})
