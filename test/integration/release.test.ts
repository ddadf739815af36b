import { tracingChannel } from 'node:diagnostics_channel'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { TRANSPORT_CLIENTS } from '../support/clients/all.ts'
import { until } from '../support/until.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

for (const { name, open } of TRANSPORT_CLIENTS) {
  t.test(`While a stream is open, nothing holds what Fastify made of its request (${name})`, async (t) => {
    const requests: WeakRef<object>[] = []
    const watch = (message: unknown) => {
      const { request, reply } = message as { request: object; reply: object }
      requests.push(new WeakRef(request), new WeakRef(reply))
    }
    const { start } = tracingChannel('fastify.request.handler')
    start.subscribe(watch)
    t.teardown(() => start.unsubscribe(watch))

    const service = await startApp(t)
    const client = await open(service, { channel: 'a' })
    await client.inbox.expect('ready')
    await until('a stream is open', () => requests.length >= 2)
    await until('nothing is held of its request', () => {
      collectGarbage()
      return requests.every((request) => request.deref() === undefined)
    })
    t.match(await (await fetch(`${service.url}/v1/stats`)).json(), { connections: { all: 1 } })
    await client.close()
  })
}
