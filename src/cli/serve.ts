import { type Command, parse } from './command.ts'

/** `tidings serve`: the service itself, just as `npm start` runs it. */
export const serveCommand: Command = {
  summary: 'runs the service',
  usage: `tidings serve

Runs the service until SIGTERM or SIGINT, which drain it. Its settings come from the environment and from the file that
TIDINGS_CONFIG names; \`tidings check-config\` shows them.

Examples:
  tidings serve
  TIDINGS_PORT=9000 TIDINGS_DATA_DIR=/var/lib/tidings tidings serve`,
  async run(args) {
    parse({ args, options: {} })
    await import('../main.ts')
  },
}
