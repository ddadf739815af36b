import { existsSync, readFileSync } from 'node:fs'
import { validate } from 'dockerfile-utils'
import t from 'tap'
import { SETTINGS } from '../../src/config/settings.ts'
import { DOCKERFILE, environment, execForm, stages, stepsOf } from '../support/dockerfile.ts'
import { packageJson } from '../support/package-json.ts'

const ROOT = new URL('../../', import.meta.url)
const [build = [], image = []] = stages()

t.test('the linter finds nothing wrong with the Dockerfile', async (t) => {
  t.strictSame(validate(DOCKERFILE), [])
  t.equal(stages().length, 2)
})

t.test('what it copies from the repository is there, and not left out by .dockerignore', async (t) => {
  const sources = stages()
    .flat()
    .filter(({ keyword, from }) => keyword === 'COPY' && from === undefined)
    .flatMap(({ args }) => args.slice(0, -1))
  t.strictSame(
    sources.filter((source) => !existsSync(new URL(source, ROOT))),
    [],
  )
  const [first, ...kept] = readFileSync(new URL('.dockerignore', ROOT), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  t.equal(first, '*')
  t.strictSame(kept.sort(), sources.map((source) => `!${source}`).sort())
})

t.test('what needs the whole of npm stays in the stage that builds', async (t) => {
  t.match(build[0]?.text, / AS build$/)
  t.strictSame(new Set(stepsOf(image, 'COPY').map(({ from }) => from)), new Set(['build']))
  t.strictSame(
    stepsOf(image, 'RUN').filter(({ text }) => /\bnp[mx]\b/.test(text)),
    [],
  )
})

t.test(
  'it runs as a user without privileges, named by a number, and writes to the volume alone',
  async (t) => {
    const users = stepsOf(image, 'USER').map(({ text }) => text)
    t.strictSame(users, ['1000:1000'])
    t.strictSame(
      stepsOf(image, 'VOLUME').map(({ text }) => text),
      [environment(image)['TIDINGS_DATA_DIR']],
    )
  },
)

t.test('the process that gets SIGTERM is the one of `npm start`', async (t) => {
  t.equal(`exec ${execForm(image, 'CMD').join(' ')}`, packageJson().scripts.start)
})

t.test('every variable that the image sets is a setting with a value that it may have', async (t) => {
  const refused = Object.entries(environment(image)).filter(
    ([variable, value]) =>
      variable.startsWith('TIDINGS_') &&
      !SETTINGS.find((setting) => setting.variable === variable)?.accepts(value),
  )
  t.strictSame(refused, [])
})
