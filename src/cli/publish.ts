import { isChannelName } from '../protocol/channel.ts'
import { type Command, parse, type Surroundings, UsageError, wholeNumber } from './command.ts'
import { publishLines } from './publish-lines.ts'
import { send } from './send.ts'
import { type Service, serviceOf, serviceOptions, serviceUsage } from './service.ts'

const usage = `tidings publish CHANNEL JSON [--type TYPE] [--id ID] [--ttl SECONDS]
tidings publish < FILE

Publishes one notification, and prints its id, channel and cursor. Without arguments, publishes those of standard input: one a
line, {"channel":…,"data":…} with "type", "id" and "ttl" where wanted, in order, as they come. It stops at the first line that
is refused, says which it is and what is published, and prints the counts at the end.

What the service or the network can't take now is sent again, with the same ids: nothing is stored twice.

  --type        what kind of notification it is
  --id          what it is known by: published again within two minutes, it is not stored again
  --ttl         in how many seconds it is not worth delivering any more
  --retry-for   how many seconds to try, default 60; 0: once. Stay below the service's TIDINGS_IDEMPOTENCY_SECONDS
${serviceUsage}

Examples:
  tidings publish user:42 '{"text":"Hello"}'
  tidings publish news '"A text is JSON too"' --type headline --ttl 3600
  jq -c '{channel: "user:\\(.user)", data: .}' orders.json | tidings publish --token-file publisher.token`

const options = {
  ...serviceOptions,
  type: { type: 'string' },
  id: { type: 'string' },
  ttl: { type: 'string' },
  'retry-for': { type: 'string', default: '60' },
} as const

/** `tidings publish`: one notification from the command line, or many from standard input. */
export const publishCommand: Command = {
  summary: 'publishes one notification, or many from standard input',
  usage,
  async run(args, surroundings) {
    const { values, positionals } = parse({ args, options, allowPositionals: true })
    const { type, id, ttl } = values
    const service = serviceOf(values, surroundings.env)
    const patience = wholeNumber('--retry-for', values['retry-for'], 'seconds', 0) * 1000
    if (positionals.length > 0) {
      const members = {
        type,
        id,
        ttl: ttl === undefined ? ttl : wholeNumber('--ttl', ttl, 'seconds'),
      }
      return publishOne(service, itemOf(positionals, members), patience, surroundings)
    }
    if (type !== undefined || id !== undefined || ttl !== undefined) {
      throw new UsageError('--type, --id and --ttl are for one notification: in a line, they are members')
    }
    if (surroundings.stdin.isTTY) {
      throw new UsageError('CHANNEL and JSON are missing, and standard input is a terminal')
    }
    await surroundings.print(await publishLines(service, patience, surroundings))
  },
}

async function publishOne(
  service: Service,
  item: string,
  patience: number,
  { signal, stderr, print }: Surroundings,
): Promise<void> {
  const retrying = (words: string) => stderr.write(`${words}\n`)
  for (const entry of await send(service, item, { type: 'application/json', patience, signal, retrying })) {
    await print(JSON.stringify(entry))
  }
}

/** The body of a publish. `data` stands in it as it was written: the service is stricter than `JSON.parse`, and says what it minds. */
function itemOf([channel = '', data, ...more]: readonly string[], members: object): string {
  if (data === undefined || more.length > 0) {
    throw new UsageError('It must be CHANNEL and JSON, one of each: put JSON in quotes')
  }
  if (!isChannelName(channel)) throw new UsageError(`${JSON.stringify(channel)} is no channel name`)
  try {
    JSON.parse(data)
  } catch (error) {
    const why = error instanceof Error ? error.message : error
    throw new UsageError(`${data} is no JSON (a text needs quotes of its own, '"so"'): ${why}`)
  }
  // What is undefined is left out.
  return `{"data":${data},${JSON.stringify({ channel, ...members }).slice(1)}`
}
