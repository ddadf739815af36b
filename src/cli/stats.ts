import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { StatsDocument } from '../protocol/stats.ts'
import { type Command, parse, type Surroundings } from './command.ts'
import { formatOf, formatOptions, formatUsage } from './format.ts'
import { ask, request, ServiceError } from './request.ts'
import { type Service, serviceOf, serviceOptions, serviceUsage } from './service.ts'
import { statsText } from './stats-text.ts'

const usage = `tidings stats [--watch] [--format FORMAT]

Prints the figures of the instance that answers. Under TIDINGS_AUTH=jwt it needs a token, or an API key, with admin.

  --watch       prints them every second, until SIGINT
${formatUsage}
${serviceUsage}

Examples:
  tidings stats
  tidings stats --watch --url https://notify.example/ --token-file admin.token
  tidings stats --format ndjson | jq .connections.all`

const options = { ...serviceOptions, ...formatOptions, watch: { type: 'boolean', default: false } } as const

const PATH = 'v1/stats'

/** Takes the terminal's cursor to its corner, and what is on the screen away (ECMA-48 CUP, ED). */
const CLEAR_SCREEN = '\x1b[H\x1b[J'

/** `tidings stats`: `GET /v1/stats`, for people or for programs. */
export const statsCommand: Command = {
  summary: "prints an instance's figures",
  usage,
  async run(args, surroundings) {
    const { values } = parse({ args, options })
    const { env, isTerminal, print, signal } = surroundings
    const service = serviceOf(values, env)
    const render = formatOf(values.format, isTerminal) === 'pretty' ? statsText : JSON.stringify
    if (!values.watch) return print(render(await ask<StatsDocument>(service, PATH, { signal })))
    return watch(service, render, surroundings)
  },
}

async function watch(
  service: Service,
  render: (stats: StatsDocument) => string,
  { isTerminal, print, signal }: Surroundings,
): Promise<void> {
  const clear = isTerminal && render === statsText ? CLEAR_SCREEN : ''
  try {
    const { body } = await request(service, PATH, { headers: { accept: 'text/event-stream' }, signal })
    const events = body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()) ?? []
    for await (const { data } of events) await print(clear + render(JSON.parse(data)))
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (!signal.aborted)
    throw new ServiceError('The service has ended the figures: it stops, or the token has run out')
}
