import { request as ask, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { type Duplex, pipeline, type Readable, type Writable } from 'node:stream'
import type { AskedKind, Fault, Passage } from './fault.ts'
import { give, type Near } from './near.ts'

/** Headers that are about one connection only (RFC 9110 §7.6.1). */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade']

/** A request on its way through a proxy. */
export interface OnItsWay {
  readonly request: IncomingMessage
  readonly near: Near
  readonly kind: AskedKind
  /** those that the proxy had when the request came */
  readonly faults: readonly Fault[]
}

/** Passes a request on to the service at `port` of the loopback, and what comes back for it to the client. */
export function passOn({ request, near, kind, faults }: OnItsWay, port: number): void {
  const { method, url, headers } = request
  const isUpgrade = kind === 'websocket' && !faults.some(({ isAncient }) => isAncient)
  const onward = ask({
    host: '127.0.0.1',
    port,
    method,
    path: url,
    headers: isUpgrade ? headers : endToEnd(headers),
    agent: false,
  })
  let hasHead = false
  const heard: (() => void)[] = []
  const cut = (): void => {
    near.socket.resetAndDestroy()
  }
  const passage: Passage = {
    kind,
    cut,
    onBytes: (listener) => heard.push(listener),
    onEnd: (listener) => near.body.on('close', listener),
  }
  for (const fault of faults) fault.begun?.(passage)

  function pass(from: Readable, to: Writable, ways: readonly (Duplex | undefined)[]): void {
    from.on('data', () => {
      for (const listener of heard) listener()
    })
    pipeline([from, ...ways.filter((way) => way !== undefined), to], (error) => {
      if (error) cut()
    })
  }
  const head: Near['head'] = (status, all) => {
    hasHead = true
    near.head(status, all)
  }

  onward.on('response', (answer) => {
    head(answer.statusCode ?? 502, endToEnd(answer.headers))
    pass(
      answer,
      near.body,
      faults.map((fault) => fault.down?.(kind)),
    )
  })
  onward.on('upgrade', (answer, far, first) => {
    head(101, answer.headers)
    far.unshift(first)
    // A pipeline listens several times at each of its ends, and there are two.
    for (const end of [far, near.socket]) end.setMaxListeners(20)
    pass(
      far,
      near.socket,
      faults.map((fault) => fault.down?.(kind)),
    )
    pass(
      near.socket,
      far,
      faults.map((fault) => fault.up?.(kind)),
    )
  })
  onward.on('error', () => {
    if (hasHead) cut()
    else give({ status: 502, headers: {}, body: 'Bad gateway' }, near)
  })
  near.body.on('close', () => onward.destroy())
  request.pipe(onward)
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)))
}
