import { join } from 'node:path'
import t from 'tap'
import { type RunningApp, startApp } from '../support/app.ts'
import { runCli, runOnTerminal, startCli } from '../support/cli.ts'
import { harmfulWay } from '../support/harmful-way.ts'

/** `count` lines, whose `data` are 1, 2 … */
const lines = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ channel: 'a', data: i + 1 }))

/** What is published on channel `a`: at most the first thousand. */
async function dataIn({ url }: Pick<RunningApp, 'url'>): Promise<unknown[]> {
  const answer = await fetch(`${url}/v1/stream?channel=a&cursor=earliest&wait=0&limit=1000`)
  const { notifications } = (await answer.json()) as { notifications: { data: unknown }[] }
  return notifications.map(({ data }) => data)
}

t.test('One notification is published, with its members, and its cursor printed', async (t) => {
  const { url } = await startApp(t)
  const args = ['publish', 'user:42', '{"a":[1]}', '--type', 'greeting', '--id', 'one', '--ttl', '60']
  const { code, stdout, stderr } = await runCli(t, [...args, '--url', url])
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(JSON.parse(stdout), { id: 'one', channel: 'user:42', cursor: String, duplicate: false })
  const answer = await fetch(`${url}/v1/stream?channel=user:42&cursor=earliest&wait=0`)
  t.match(await answer.json(), { notifications: [{ id: 'one', type: 'greeting', data: { a: [1] } }] })
  const again = await runCli(t, [...args, '--url', url])
  t.match(JSON.parse(again.stdout), { duplicate: true })
})

t.test('What is refused is told with all that is wrong about it', async (t) => {
  const { url } = await startApp(t)
  const { code, stdout, stderr } = await runCli(t, ['publish', 'a', '1', '--ttl', '99999999', '--url', url])
  t.strictSame([code, stdout], [1, ''])
  t.match(stderr, /^400 bad-notification: .*\n\/ttl: .*86400\n$/)
})

t.test('The lines of standard input are published in order, and counted', async (t) => {
  const app = await startApp(t)
  const input = `\n${lines(900).join('\n')}\n\n{"channels":["a","b"],"data":"last"}`
  const { code, stdout, stderr } = await runCli(t, ['publish'], { TIDINGSCLI_URL: app.url }, input)
  t.equal(code, 0)
  t.equal(stdout, '902 published, 0 duplicates\n')
  t.equal(stderr, '')
  t.same(await dataIn(app), [...Array.from({ length: 900 }, (_, i) => i + 1), 'last'])
})

t.test('On a terminal a bar shows how much of a file is published, and is gone at the end', async (t) => {
  const { url } = await startApp(t)
  const file = join(t.testdir({ numbers: lines(5000).join('\n') }), 'numbers')
  const shown = (await runOnTerminal(['publish'], { TIDINGSCLI_URL: url }, file)).split('\r\x1b[K')
  t.match(shown.at(1), /^\[#+\.+\] \d\d %, \d,000 notifications, 0\.\d MiB$/)
  t.match(shown.at(-2), /^\[#{30}\] 100 %, 5,000 notifications, 0\.1 MiB$/)
  t.match(shown.at(-1), /^5000 published, 0 duplicates\s*$/)
})

t.test('A line is published as soon as it has come', async (t) => {
  const app = await startApp(t)
  const cli = startCli(t, ['publish', '--url', app.url])
  const stream = await fetch(`${app.url}/v1/stream?channel=a&cursor=earliest&wait=0`)
  const { cursor } = (await stream.json()) as { cursor: string }
  cli.process.stdin.write('{"channel":"a","data":"now"}\n')
  const answer = await fetch(`${app.url}/v1/stream?channel=a&cursor=${cursor}&wait=60`)
  t.match(await answer.json(), { notifications: [{ data: 'now' }] })
  cli.process.stdin.end()
  t.match(await cli.ended, { code: 0, stdout: '1 published, 0 duplicates\n' })
})

t.test('A bad line ends it with 1, its number, and what is published', async (t) => {
  const app = await startApp(t)
  const cli = startCli(t, ['publish', '--url', app.url])
  cli.process.stdin.write(`${lines(10).join('\n')}\n\n`)
  const stream = await fetch(`${app.url}/v1/stream?channel=a&cursor=earliest&wait=60`)
  t.equal(stream.status, 200)
  cli.process.stdin.end('{"channel":"a","data":11}\n{"channel":"a","dat":1}\n{"channel":"a","data":13}\n')
  const { code, stdout, stderr } = await cli.ended
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^400 bad-notification: /)
  t.match(stderr, /^line 13.*: .+$/m)
  t.match(stderr, /^Lines up to 10 are published, and nothing after that\.$/m)
  t.same(await dataIn(app), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

t.test('A line that is no JSON is told by its number too', async (t) => {
  const { url } = await startApp(t)
  const { code, stderr } = await runCli(t, ['publish', '--url', url], {}, '{"channel":"a","data":1}\n{oh}\n')
  t.equal(code, 1)
  t.match(stderr, /^400 bad-json: .*^line 2: .*^No line is published, and nothing after that\.$/ms)
})

t.test(
  'What the service could not take, or took and could not say so, is sent again with the same ids',
  async (t) => {
    const app = await startApp(t)
    const { url, requests } = await harmfulWay(t, app, ['refused', 'answer lost'])
    const input = `${lines(20).join('\n')}\n`
    const { code, stdout, stderr } = await runCli(t, ['publish'], { TIDINGSCLI_URL: url }, input)
    t.equal(code, 0)
    t.equal(stdout, '0 published, 20 duplicates\n')
    t.match(stderr, /^503: .*trying again in 0\.0 s\n.*can't be reached.*trying again in/)
    t.equal(requests.length, 3)
    t.equal(new Set(requests.map(({ headers }) => headers['idempotency-key'])).size, 1)
    t.equal((await dataIn(app)).length, 20)
  },
)

t.test('When it gives up, it says of which lines nobody knows', async (t) => {
  const app = await startApp(t)
  const { url } = await harmfulWay(t, app, ['answer lost'])
  const args = ['publish', '--retry-for', '0', '--url', url]
  const { code, stderr } = await runCli(t, args, {}, `${lines(3).join('\n')}\n`)
  t.equal(code, 1)
  t.match(stderr, /can't be reached.*\nNo line is published, and lines 1 to 3 may be\.\n$/)
})

t.test(
  'A batch that is too large for the service goes in parts, and a line that is too large is told',
  async (t) => {
    const app = await startApp(t, { settings: { maxBodyBytes: 1024 } })
    const { code, stdout } = await runCli(t, ['publish', '--url', app.url], {}, lines(200).join('\n'))
    t.match({ code, stdout }, { code: 0, stdout: '200 published, 0 duplicates\n' })
    t.same(
      await dataIn(app),
      Array.from({ length: 200 }, (_, i) => i + 1),
    )
    const long = `{"channel":"a","data":1}\n{"channel":"a","data":"${'x'.repeat(1024)}"}\n`
    const refused = await runCli(t, ['publish', '--url', app.url], {}, long)
    t.match(refused, {
      code: 1,
      stderr: /^413 too-large: .*\nLines up to 1 are published, and nothing after/,
    })
  },
)

t.test('Told to stop, it says what is published', async (t) => {
  const app = await startApp(t)
  const cli = startCli(t, ['publish', '--url', app.url])
  cli.process.stdin.write('{"channel":"a","data":1}\n')
  await fetch(`${app.url}/v1/stream?channel=a&cursor=earliest&wait=60`)
  cli.process.kill('SIGINT')
  t.match(await cli.ended, { code: 1, stderr: /^Told to stop\.\n.*\n$/ })
})
