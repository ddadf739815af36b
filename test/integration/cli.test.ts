import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { JWT_SECRET } from '../support/tokens.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

function tidings(args: readonly string[], settings: Readonly<Record<string, string>> = {}) {
  const { PATH = '' } = process.env
  const options = { env: { PATH, ...settings }, encoding: 'utf8' } as const
  return spawnSync(process.execPath, ['--import=tsx', MAIN, ...args], options)
}

t.test('`tidings token` prints a token and nothing else', async (t) => {
  const { status, stdout, stderr } = tidings(['token', '--sub', '42'], { TIDINGS_JWT_SECRET: JWT_SECRET })
  t.equal(status, 0)
  t.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  t.equal(stderr, '')
})

t.test(
  'Called in a way it can not be, it exits with 64; with settings that are wrong, with 78',
  async (t) => {
    const missing = tidings(['token'], { TIDINGS_JWT_SECRET: JWT_SECRET })
    t.match(missing, { status: 64, stdout: '', stderr: /--sub/ })
    t.match(tidings([]), { status: 64, stdout: '', stderr: /tidings token --sub/ })
    t.match(tidings(['tokne']), { status: 64, stdout: '', stderr: /no command "tokne"/ })
    t.match(tidings(['token', '--sub', '42']), { status: 78, stdout: '', stderr: /TIDINGS_JWT_SECRET/ })
  },
)

t.test('`--help` explains it all, or one command', async (t) => {
  for (const args of [['--help'], ['token', '--help'], ['token', '--sub', '42', '-h']]) {
    t.match(tidings(args), { status: 0, stdout: /--expires-in/, stderr: '' })
  }
})
