import { spawnSync } from 'node:child_process'
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import t from 'tap'
import { environment, execForm, stages } from '../support/dockerfile.ts'
import { buildImage } from '../support/image.ts'
import { linkPackages, productionPackages } from '../support/packages.ts'
import { runPlainly } from '../support/plainly.ts'
import { startService } from '../support/service.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

// Outside of the repository, whose node_modules would be found from within.
const directory = mkdtempSync(join(tmpdir(), 'tidings-'))
t.teardown(() => rmSync(directory, { recursive: true }))
const { build, app } = buildImage(directory)

/** Every file below `folder`, and when it was last written to. */
function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(
    (path) => `${path} ${lstatSync(join(folder, `${path}`)).mtimeMs}`,
  )
}

t.test('the image serves, is healthy, writes to its volume only, and drains', async (t) => {
  const image = stages().at(-1) ?? []
  const before = listing(app)
  const [node, ...args] = execForm(image, 'CMD')
  t.equal(node, 'node')
  const settings = {
    ...environment(image),
    TIDINGS_HOST: '127.0.0.1',
    TIDINGS_PORT: '0',
    TIDINGS_LOG: 'embedded',
    TIDINGS_DATA_DIR: join(directory, 'data'),
  }
  const { process: service, url, ended } = startService(t, settings, { args, cwd: app })
  const { origin, port } = new URL(await url)
  for (const path of ['/', '/client.js', '/docs', '/openapi.json', '/readyz'])
    t.equal((await fetch(origin + path)).status, 200, path)

  const [, ...check] = execForm(image, 'HEALTHCHECK')
  const health = () =>
    spawnSync(process.execPath, check, { env: { TIDINGS_PORT: port }, stdio: 'ignore' }).status
  t.equal(health(), 0)
  service.kill('SIGTERM')
  t.match(await ended, { code: 0, errors: '' })
  t.not(health(), 0)
  t.strictSame(listing(app), before)
})

/** Code on an entry's `connect`, which prints what it publishes on a channel; `options` are more than that. */
function clientSample(entry: string, channel: string, options = ''): { code: string; output: string } {
  const code = `
      import { connect } from '${entry}'
      const url = process.argv[2] ?? ''
      const stream = connect<{ text: string }>(url, { channels: ['${channel}'], ${options} })
      stream.on('status', async ({ state }) => {
        if (state !== 'live') return
        const headers = { 'content-type': 'application/json' }
        const body = JSON.stringify({ channel: '${channel}', data: { text: 'Hello' } })
        await fetch(new URL('/v1/notifications', url), { method: 'POST', headers, body })
      })
      stream.on('notification', ({ channel, data }) => {
        console.log(channel, data.text)
        stream.close()
      })`
  return { code, output: `${channel} Hello\n` }
}

/** What a user of each entry writes, and what that prints. */
const SAMPLES = {
  client: clientSample('tidings/client', 'a'),
  'client/msgpack': clientSample(
    'tidings/client/msgpack',
    'b',
    `format: 'msgpack', transports: ['long-poll']`,
  ),
  publisher: {
    code: `
      import { Publisher, PublishError } from 'tidings/publisher'
      const publisher = new Publisher<{ text: string }>({ url: process.argv[2] ?? '' })
      const { channel, duplicate } = await publisher.publish('b', { text: 'Hello' }, { type: 'greeting' })
      console.log(channel, duplicate)
      // @ts-expect-error: this publisher's data are of another type
      export const mistyped = () => publisher.publish('b', 'Hello')
      await publisher.publish('', { text: 'Hello' }).catch((error: unknown) => {
        if (error instanceof PublishError) console.log(error.code, error.details[0]?.pointer)
      })
      await publisher.close()`,
    output: 'b false\nbad-notification /channel\n',
  },
  react: {
    code: `
      import { createElement } from 'react'
      import { renderToString } from 'react-dom/server'
      import { connect } from 'tidings/client'
      import { useNotifications, useStreamStatus } from 'tidings/react'
      const stream = connect<number>(process.argv[2] ?? '', { channels: ['a'] })
      function Page() {
        const numbers: number[] = useNotifications(stream).map(({ data }) => data)
        return createElement('p', null, useStreamStatus(stream).state, numbers.length)
      }
      console.log(renderToString(createElement(Page)))
      stream.close()`,
    output: '<p>connecting<!-- -->0</p>\n',
  },
}

/** Packs what was built, and installs it in an empty project, with no packages but those that it depends on and the project's own. */
function install(): { project: string; installed: string } {
  for (const file of ['README.md', 'LICENSE', 'asyncapi.yaml', 'tidings.proto'])
    cpSync(join(ROOT, file), join(build, file))
  // Built already: prepack would build it again.
  runPlainly(build, 'npm', 'pack', '--ignore-scripts', '--pack-destination', directory)
  const [tarball = ''] = readdirSync(directory).filter((name) => name.endsWith('.tgz'))
  const project = join(directory, 'project')
  const installed = join(project, 'node_modules', 'tidings')
  mkdirSync(installed, { recursive: true })
  runPlainly(directory, 'tar', '-xzf', tarball, '-C', installed, '--strip-components=1')
  const own = ['react', 'react-dom', '@types/react', '@types/react-dom', '@types/node']
  linkPackages(project, [...productionPackages(), ...own])
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  return { project, installed }
}

t.test('the npm package, installed in an empty project', async (t) => {
  const { project, installed } = install()
  const { exports, bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    exports: object
    bin: { tidings: string }
  }

  await t.test('is what its manifest says', async (t) => {
    t.strictSame((await publint({ pkgDir: installed, pack: false, strict: true })).messages, [])
    const help = runPlainly(project, join(installed, bin.tidings), '--help')
    t.match(help, { status: 0, stdout: /^tidings COMMAND/ })
    t.ok(readdirSync(installed).includes('asyncapi.yaml'))
  })

  await t.test('has types for a sample of each entry', async (t) => {
    const entries = Object.keys(SAMPLES)
    t.strictSame(Object.keys(exports).sort(), [...entries.map((entry) => `./${entry}`), './tidings.proto'])
    for (const [entry, { code }] of Object.entries(SAMPLES)) {
      mkdirSync(dirname(join(project, entry)), { recursive: true })
      writeFileSync(join(project, `${entry}.ts`), code)
    }
    const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node']
    const checked = runPlainly(project, tsc, ...options, ...entries.map((entry) => `${entry}.ts`))
    t.match(checked, { status: 0, stdout: '' })
  })

  await t.test('has the schema of Protobuf messages', async (t) => {
    const schema = createRequire(join(project, 'package.json')).resolve('tidings/tidings.proto')
    t.equal(readFileSync(schema, 'utf8'), readFileSync(join(ROOT, 'tidings.proto'), 'utf8'))
  })

  await t.test('serves, and the samples run', async (t) => {
    const serve = [join(installed, bin.tidings), 'serve']
    const url = await startService(t, {}, { args: serve, cwd: project }).url
    t.equal((await fetch(new URL('/docs', url))).status, 200)
    for (const [entry, { output }] of Object.entries(SAMPLES)) {
      const { status, stdout, stderr } = runPlainly(project, process.execPath, `${entry}.js`, url)
      t.strictSame([status, stdout, stderr], [0, output, ''], entry)
    }
  })
})
