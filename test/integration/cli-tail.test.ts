import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { startCli } from '../support/cli.ts'
import { publish } from '../support/clients/requests.ts'
import { until } from '../support/until.ts'

/** The `data` of what was printed as NDJSON. */
const dataOf = (stdout: string): unknown[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).data)

const batch = (from: number, to: number): object[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ channel: 'a', data: from + i }))

for (const transport of ['websocket', 'sse', 'long-poll']) {
  t.test(`\`tidings tail\` prints what comes by ${transport}, until SIGINT`, async (t) => {
    const app = await startApp(t)
    await publish(app, batch(1, 2))
    const cli = startCli(t, ['tail', '*', '--transport', transport, '--cursor=earliest', '--url', app.url])
    await cli.has(`connected by ${transport}`)
    await publish(app, { channel: 'b', data: 3, type: 'x', id: 'three' })
    await cli.has('"three"')
    cli.process.kill('SIGINT')
    const { code, stdout, stderr } = await cli.ended
    t.equal(code, 0)
    t.same(dataOf(stdout), [1, 2, 3])
    t.match(JSON.parse(stdout.split('\n')[2] ?? ''), { cursor: String, channel: 'b', id: 'three', type: 'x' })
    t.equal(stderr, `connected by ${transport}\n`)
  })
}

t.test(
  'With a cursor file it goes on where it was, over restarts, and nothing is lost or twice',
  async (t) => {
    const app = await startApp(t)
    const file = join(t.testdir(), 'a.cursor')
    const args = ['tail', 'a', '--cursor', 'earliest', '--cursor-file', file, '--url', app.url]
    let printed: unknown[] = []
    for (const [transport, from, to] of [
      ['websocket', 1, 900],
      ['long-poll', 901, 1000],
      ['sse', 1001, 1900],
    ] as const) {
      await publish(app, batch(from, to))
      const cli = startCli(t, [...args, '--transport', transport])
      // At any moment: more may be on their way.
      await cli.has(`"data":${from + 50}}`)
      cli.process.kill('SIGTERM')
      const { code, stdout } = await cli.ended
      t.equal(code, 0)
      const data = dataOf(stdout)
      printed = [...printed, ...data]
    }
    // The last run may have printed it all.
    await publish(app, batch(1901, 1901))
    const last = startCli(t, args)
    await last.has('"data":1901}')
    last.process.kill('SIGINT')
    printed = [...printed, ...dataOf((await last.ended).stdout)]
    t.same(
      printed,
      Array.from({ length: 1901 }, (_, i) => i + 1),
    )
  },
)

t.test('The cursor file follows an idle stream, so that it does not fall behind retention', async (t) => {
  const app = await startApp(t, { settings: { heartbeatSeconds: 1 } })
  const file = join(t.testdir({ cursor: '' }), 'cursor')
  const cli = startCli(t, ['tail', 'a', '--cursor-file', file, '--url', app.url])
  await cli.has('connected')
  await until('it has a cursor', () => readFileSync(file, 'utf8') !== '')
  const before = readFileSync(file, 'utf8')
  await publish(app, { channel: 'b', data: 1 })
  await until('it has another', () => readFileSync(file, 'utf8') !== before)
  cli.process.kill('SIGINT')
  t.match(await cli.ended, { code: 0, stdout: '' })
})

t.test('A cursor file that can not be read or written is told, and ends it', async (t) => {
  const { url } = await startApp(t)
  const directory = t.testdir()
  const unread = await startCli(t, ['tail', 'a', '--cursor-file', directory, '--url', url]).ended
  t.match(unread, { code: 64, stdout: '', stderr: /--cursor-file: EISDIR/ })
  const missing = join(directory, 'none', 'cursor')
  const unwritten = await startCli(t, ['tail', 'a', '--cursor-file', missing, '--url', url]).ended
  t.match(unwritten, { code: 1, stdout: '', stderr: /ENOENT/ })
})

t.test('When nobody reads it any more, it ends with 0 and says nothing', async (t) => {
  const app = await startApp(t)
  await publish(app, batch(1, 3))
  const cli = startCli(t, ['tail', 'a', '--cursor', 'earliest', '--url', app.url])
  await cli.has('"data":3}')
  cli.process.stdout.destroy()
  await publish(app, batch(4, 5))
  t.match(await cli.ended, { code: 0, stderr: 'connected by websocket\n' })
})

t.test('For people it is a line with the time, the channel and what can not steer a terminal', async (t) => {
  const app = await startApp(t)
  await publish(app, { channel: 'user:42', type: 'x', data: { text: 'a\u001b\u009b2J' } })
  const cli = startCli(t, ['tail', 'user:*', '--cursor=earliest', '--format=pretty', '--url', app.url])
  await cli.has('user:42')
  cli.process.kill('SIGINT')
  const { stdout } = await cli.ended
  t.match(stdout, /^\d\d:\d\d:\d\d\.\d{3} {2}user:42 {2}\(x\) {2}\{"text":"a\\u001b\\u009b2J"\}\n$/)
})

t.test('That it waits until what has come is printed is no news', async (t) => {
  const app = await startApp(t)
  for (let from = 1; from < 5000; from += 1000) await publish(app, batch(from, from + 999))
  const file = join(t.testdir(), 'cursor')
  const args = ['tail', 'a', '--transport=long-poll', '--cursor=earliest', '--cursor-file', file]
  const cli = startCli(t, [...args, '--url', app.url])
  await cli.has('"data":5000}')
  cli.process.kill('SIGINT')
  t.match(await cli.ended, { code: 0, stderr: /^connected by long-poll\n$/ })
})

t.test('A gap is told on standard error, and it goes on', async (t) => {
  const app = await startApp(t)
  await publish(app, batch(1, 2))
  const cli = startCli(t, ['tail', 'a', '--cursor', 'other-5', '--url', app.url])
  await cli.has('"data":2}')
  cli.process.kill('SIGINT')
  const { stdout, stderr } = await cli.ended
  t.same(dataOf(stdout), [1, 2])
  t.match(stderr, /the cursor was of another log/)
})

t.test('A cursor that is none is refused in the words of the service', async (t) => {
  const { url } = await startApp(t)
  const { ended } = startCli(t, ['tail', 'a', '--cursor', '?', '--url', url])
  t.match(await ended, { code: 1, stdout: '', stderr: /^400 bad-cursor: / })
})
