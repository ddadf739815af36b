import t from 'tap'
import { checkConfigCommand } from '../../../src/cli/check-config.ts'
import type { Command } from '../../../src/cli/command.ts'
import { publishCommand } from '../../../src/cli/publish.ts'
import { serveCommand } from '../../../src/cli/serve.ts'
import { statsCommand } from '../../../src/cli/stats.ts'
import { tailCommand } from '../../../src/cli/tail.ts'
import { tokenCommand } from '../../../src/cli/token.ts'
import { runCommand } from '../../support/run-command.ts'

t.test('Every command has a summary, and examples', async (t) => {
  const commands = [serveCommand, checkConfigCommand, tokenCommand, publishCommand, tailCommand, statsCommand]
  for (const { summary, usage } of commands) {
    t.match(summary, /^.{10,60}$/)
    t.match(usage, /^Examples:\n {2}tidings /m)
  }
})

t.test('What a command can not be called with is a usage error, before anything is sent', async (t) => {
  const cases: readonly (readonly [Command, readonly string[], RegExp])[] = [
    [serveCommand, ['now'], /now/],
    [checkConfigCommand, ['--all'], /--all/],
    [publishCommand, ['a'], /CHANNEL and JSON/],
    [publishCommand, ['a', '1', '2'], /CHANNEL and JSON/],
    [publishCommand, ['a b', '1'], /"a b" is no channel name/],
    [publishCommand, ['a', 'so'], /so is no JSON/],
    [publishCommand, ['a', '1', '--ttl', '1h'], /--ttl was "1h"/],
    [publishCommand, ['a', '1', '--retry-for', '-1'], /--retry-for/],
    [publishCommand, ['--type', 'x'], /--type/],
    [tailCommand, [], /no CHANNEL/],
    [tailCommand, ['a', ':'], /":" is no channel name or pattern/],
    [tailCommand, ['a', '--transport', 'pigeon'], /websocket, sse, long-poll/],
    [tailCommand, ['a', '--format', 'xml'], /pretty or ndjson/],
    [statsCommand, ['--url', 'ftp://a/'], /--url/],
    [statsCommand, ['--url', 'http://me:secret@a/'], /^(?!.*secret).*--url/],
    [statsCommand, ['--token', 'a', '--token-file', 'b'], /one of them/],
    [statsCommand, ['--token-file', 'does/not/exist'], /ENOENT/],
    [statsCommand, ['--token', 'tdk_\nsecret'], /^(?!.*secret).*--token has no token/s],
  ]
  for (const [command, args, message] of cases) {
    await t.rejects(runCommand(command, args), { name: 'UsageError', message }, args.join(' '))
  }
})
