import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { WebSocket } from 'ws'
import { startApp } from '../support/app.ts'
import { publish } from '../support/clients/requests.ts'
import { until } from '../support/until.ts'

/** Where README.md says the service is. */
const ADDRESS = '127.0.0.1:8080'

/** Seconds after which curl gives up. */
const CURL_MAX_SECONDS = 10

/** The indented blocks of README.md, line by line. */
const CODE = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('    '))
  .map((line) => line.trim())

/** What the output of each `curl` line must have, in order. */
const OUTPUTS = [
  /^HTTP\/1\.1 201 .*"duplicate":false/s,
  /^event: ready$.*^data: \{.*"data":\{"text":"Hello"\}\}$/ms,
  /^\{"notifications":\[\{.*"data":\{"text":"Hello"\}\}\],"cursor":"[^"]+"\}$/,
  /^HTTP\/1\.1 202 .*"state":"scheduled"/s,
  /^HTTP\/1\.1 204 /,
  /^\{"channel":"user:42","subscribers":\d+\}$/,
  /^HTTP\/1\.1 201 .*"id":"\/shop 7".*"duplicate":false/s,
]

t.test('the curl lines of README.md do, in order, what it says', async (t) => {
  const { port } = await startApp(t)
  const lines = CODE.filter((line) => line.startsWith('curl '))
  t.equal(lines.length, OUTPUTS.length)
  for (const [i, line] of lines.entries()) {
    const command = line
      .replace(ADDRESS, `127.0.0.1:${port}`)
      .replace('curl ', `curl --max-time ${CURL_MAX_SECONDS} `)
    t.match(await outputOf(command, OUTPUTS[i] ?? /^$/), OUTPUTS[i], line)
  }
})

t.test('the WebSocket lines of README.md show what comes, and the close', async (t) => {
  const service = await startApp(t, { settings: { drainSeconds: 0 } })
  const from = CODE.findIndex((line) => line.includes('new WebSocket'))
  const snippet = CODE.slice(from, from + 3)
    .join('\n')
    .replace(ADDRESS, `127.0.0.1:${service.port}`)
  const shown: unknown[][] = []
  const console = { log: (...values: unknown[]) => shown.push(values) }
  runInNewContext(snippet, { WebSocket, JSON, console })
  await until('it is open', () => shown.length === 1)
  await publish(service, { channel: 'user:42', data: { text: 'Hello' } })
  await until('the notification is shown', () => shown.length === 2)
  await service.app.drain()
  await until('the close is shown', () => shown.length === 4)
  t.match(shown, [
    [{ type: 'ready' }],
    [{ type: 'notification', notification: { data: { text: 'Hello' } } }],
    [{ type: 'bye' }],
    ['closed with', 1012],
  ])
})

/** What a shell's command writes until it ends, or has written `enough`: then it is ended. */
async function outputOf(command: string, enough: RegExp): Promise<string> {
  const shell = spawn('sh', ['-c', `exec ${command}`], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  shell.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
    if (enough.test(output)) shell.kill()
  })
  await once(shell, 'close')
  return output
}
