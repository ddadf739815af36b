import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { openFor } from '../support/clients/client.ts'
import { get, publish } from '../support/clients/requests.ts'
import { webSocketClient } from '../support/clients/websocket.ts'
import { until } from '../support/until.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.register()
t.beforeEach(() => exporter.reset())
t.teardown(async () => {
  await provider.shutdown()
  for (const api of [trace, context, propagation]) api.disable()
})

/** The spans that have ended under a name. */
function spans(name: string) {
  return exporter.getFinishedSpans().filter((span) => span.name === name)
}

t.test(
  'a publish is a span below the publisher, and its notifications have it as their parent',
  async (t) => {
    const service = await startApp(t)
    await publish(
      service,
      [
        { channel: 'a', data: 1 },
        { channel: 'a', data: 2 },
      ],
      { traceparent: TRACEPARENT },
    )
    const [span, ...more] = spans('publish')
    t.equal(more.length, 0)
    t.match(span, {
      kind: SpanKind.PRODUCER,
      parentSpanContext: { traceId: TRACE, spanId: SPAN, isRemote: true },
      attributes: { 'messaging.system': 'tidings', 'messaging.batch.message_count': 2 },
    })
    const { body } = await get(service, '/v1/stream?channel=a&cursor=earliest&wait=0')
    const expected = { traceparent: `00-${TRACE}-${span?.spanContext().spanId}-01` }
    t.match(body, { notifications: [expected, expected] })
  },
)

t.test('a publish without a trace begins one, which its notifications do not show', async (t) => {
  const service = await startApp(t)
  await publish(service, { channel: 'a', data: 1 }, { traceparent: 'nonsense' })
  t.equal(spans('publish')[0]?.parentSpanContext, undefined)
  const { body } = await get(service, '/v1/stream?channel=a&cursor=earliest&wait=0')
  t.notMatch(JSON.stringify(body), 'traceparent')
})

t.test('a publish that is refused is a span that says so', async (t) => {
  const service = await startApp(t)
  await publish(service, { channel: 'a' }, { traceparent: TRACEPARENT })
  t.match(spans('publish'), [{ status: { code: SpanStatusCode.ERROR } }])
})

t.test(
  'a delivery is one span however many get it, with a link to each publish that was traced',
  async (t) => {
    const service = await startApp(t)
    for (let n = 0; n < 3; n++) {
      const { inbox } = await openFor(t, webSocketClient, service, { channel: 'a' })
      await inbox.expect('ready')
    }
    await publish(service, { channel: 'nobody', data: 1 }, { traceparent: TRACEPARENT })
    await publish(service, { channel: 'a', data: 1 })
    await publish(service, { channel: 'a', data: 2 }, { traceparent: TRACEPARENT })
    await until('it has been delivered', () => spans('deliver').length > 0)
    const sender = spans('publish').at(-1)?.spanContext().spanId
    t.match(spans('deliver'), [
      {
        kind: SpanKind.CONSUMER,
        parentSpanContext: undefined,
        links: [{ context: { traceId: TRACE, spanId: sender } }],
        attributes: { 'tidings.subscribers': 3 },
      },
    ])
    t.equal(spans('deliver').length, 1)
  },
)
