import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { startApp } from '../support/app.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CLIENT = fileURLToPath(new URL('../support/python/client.py', import.meta.url))
/** Debian's own, which has Debian's packages. */
const PYTHON = '/usr/bin/python3'
const COUNT = 5
const OPTIONS = { timeout: 60_000, cwd: ROOT }

t.test('a Python client of Debian packages publishes, receives and decodes', async (t) => {
  const modules = t.testdir()
  await run('protoc', [`--python_out=${modules}`, 'tidings.proto'], OPTIONS)
  const env = { ...process.env, PYTHONPATH: modules, PYTHONDONTWRITEBYTECODE: '1' }
  for (const format of ['msgpack', 'protobuf']) {
    for (const transport of ['websocket', 'long-poll']) {
      const { url } = await startApp(t)
      const { stdout } = await run(PYTHON, [CLIENT, format, transport, url, `${COUNT}`], { ...OPTIONS, env })
      const lines = stdout.trim().split('\n')
      t.match(
        lines.map((line) => JSON.parse(line)),
        Array.from({ length: COUNT }, (_, n) => ({
          ...{ cursor: /^\w+-\w+$/, channel: 'a', id: `${n}` },
          data: { n, text: 'é😀', list: [null, true, 1.5] },
        })),
        `${format} over ${transport}`,
      )
      t.equal(lines.length, COUNT)
    }
  }
})

t.test('the code in src/format is what protoc makes of tidings.proto', async (t) => {
  const made = t.testdir()
  const plugin = '--plugin=node_modules/.bin/protoc-gen-es'
  await run(
    'protoc',
    [plugin, `--es_out=${made}`, '--es_opt=target=ts,import_extension=ts', 'tidings.proto'],
    OPTIONS,
  )
  const [actual, expected] = [`${ROOT}src/format`, made].map((folder) =>
    readFileSync(`${folder}/tidings_pb.ts`, 'utf8'),
  )
  t.equal(actual, expected, 'else: npm run proto')
})
