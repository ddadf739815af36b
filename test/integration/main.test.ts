import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { startService } from '../support/service.ts'

/** Opens a stream on the service, and returns it once its `ready` has come. */
async function follow(url: string): Promise<ReadableStreamDefaultReader<string>> {
  const answer = await fetch(`${url}/v1/stream?channel=a`, { headers: { accept: 'text/event-stream' } })
  if (!answer.body) throw new Error('a stream has a body')
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  for (let text = ''; !text.includes('event: ready'); ) text += (await reader.read()).value ?? ''
  return reader
}

t.test('The service listens on the port that it logs, and is alive and ready', async (t) => {
  const url = await startService(t).url
  t.equal((await fetch(`${url}/livez`)).status, 200)
  t.equal((await fetch(`${url}/readyz`)).status, 200)
})

t.test('The embedded log makes its data directory and keeps what was published over a restart', async (t) => {
  const settings = { TIDINGS_LOG: 'embedded', TIDINGS_DATA_DIR: join(t.testdir(), 'made', 'data') }
  const first = startService(t, settings)
  const published = await fetch(`${await first.url}/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"channel":"a","data":1,"id":"one"}',
  })
  t.equal(published.status, 201)
  first.process.kill('SIGTERM')
  t.match(await first.ended, { code: 0 })

  const second = startService(t, settings)
  const answer = await fetch(`${await second.url}/v1/stream?channel=a&cursor=earliest&wait=0`)
  t.match(await answer.json(), { notifications: [{ id: 'one', channel: 'a', data: 1 }] })
})

t.test('Bad settings end it with 78 and a line for each problem, before anything is started', async (t) => {
  const dataDir = join(t.testdir(), 'data')
  const { ended } = startService(t, {
    TIDINGS_PORT: 'x',
    TIDINGS_LOG: 'embedded',
    TIDINGS_DATA_DIR: dataDir,
    TIDINGS_HEARTBEAT_SECONDS: '0',
    TIDINGS_HEARTBEET: '1',
    TIDINGS_CONFIG: join(dataDir, 'none.json'),
  })
  const { code, errors } = await ended
  t.equal(code, 78)
  t.match(errors.trimEnd().split('\n').sort(), [
    /^TIDINGS_CONFIG was ".*none.json": .*ENOENT/,
    /^TIDINGS_HEARTBEAT_SECONDS was "0": it must be/,
    /^TIDINGS_HEARTBEET was "1": there is no such setting/,
    /^TIDINGS_PORT was "x": it must be/,
  ])
  t.equal(errors.trimEnd().split('\n').length, 4)
  t.notOk(existsSync(dataDir))
})

t.test('A port in use ends it with 1 and one line', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const { code, errors } = await startService(t, { TIDINGS_PORT: String(port) }).ended
  t.equal(code, 1)
  t.match(errors, new RegExp(`^.*address already in use.*:${port}\\n$`))
})

t.test('A data directory that can not be made ends it with 1 and one line that names it', async (t) => {
  const dataDir = join(t.testdir({ file: 'no directory' }), 'file', 'data')
  const { ended } = startService(t, { TIDINGS_LOG: 'embedded', TIDINGS_DATA_DIR: dataDir })
  const { code, errors } = await ended
  t.equal(code, 1)
  t.match(errors, /^.*\n$/)
  t.ok(errors.includes(dataDir), errors)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} drains: streams get their bye, and it ends with 0`, async (t) => {
    const service = startService(t, { TIDINGS_DRAIN_SECONDS: '0' })
    const stream = await follow(await service.url)
    service.process.kill(signal)
    let text = ''
    for (let chunk = await stream.read(); !chunk.done; chunk = await stream.read()) text += chunk.value
    t.match(text, /event: bye\n(id: .*\n)?data: .*"reason":"draining"/)
    t.match(await service.ended, { code: 0, signal: null })
  })
}

for (const [signal, status] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  t.test(`A second ${signal} while it drains ends it at once with ${status}`, async (t) => {
    const service = startService(t, { TIDINGS_DRAIN_SECONDS: '3600' })
    await follow(await service.url)
    service.process.kill('SIGTERM')
    await service.output('"draining"')
    // Until it is taken for another signal than the first.
    const again = setInterval(() => service.process.kill(signal), 50)
    t.teardown(() => clearInterval(again))
    t.match(await service.ended, { code: status, signal: null })
  })
}

t.test('A signal that comes twice at once, as under npm, drains all the same', async (t) => {
  const service = startService(t, { TIDINGS_DRAIN_SECONDS: '1' })
  await follow(await service.url)
  service.process.kill('SIGINT')
  await service.output('"draining"')
  service.process.kill('SIGINT')
  t.match(await service.ended, { code: 0, signal: null })
})
