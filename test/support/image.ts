import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Step, stages, stepsOf } from './dockerfile.ts'
import { linkPackages, productionPackages } from './packages.ts'
import { runPlainly } from './plainly.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What is done by other means where Docker would ask the registry. */
const BY_HAND: Readonly<Record<string, (directory: string) => void>> = {
  'npm ci': (directory) => symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules')),
  'npm prune --omit=dev': (directory) => {
    rmSync(join(directory, 'node_modules'))
    linkPackages(directory, productionPackages())
  },
}

/** The directories that hold what the stages have in /app. */
export interface Image {
  readonly build: string
  readonly app: string
}

/** Carries out the steps of the Dockerfile in `directory`, but for those of the last stage that need its base image's users. */
export function buildImage(directory: string): Image {
  const [first = [], last = []] = stages()
  const [build, app] = [join(directory, 'build'), join(directory, 'app')]
  mkdirSync(build)
  for (const step of first) {
    if (step.keyword === 'COPY') copy(step, ROOT, build)
    if (step.keyword === 'RUN') for (const command of step.text.split(' && ')) run(command, build)
  }
  mkdirSync(app)
  for (const step of stepsOf(last, 'COPY')) copy(step, build, app)
  return { build, app }
}

function copy({ args, from }: Step, source: string, target: string): void {
  const to = args.at(-1) ?? ''
  for (const path of args.slice(0, -1)) {
    const within = from === undefined ? path : relative('/app', path)
    const place = join(target, to, to.endsWith('/') ? basename(path) : '')
    cpSync(join(source, within), place, { recursive: true, verbatimSymlinks: true })
  }
}

function run(command: string, directory: string): void {
  const byHand = BY_HAND[command]
  if (byHand) byHand(directory)
  else {
    const { status, stdout, stderr } = runPlainly(directory, 'sh', '-c', command)
    if (status !== 0) throw new Error(`${command}: ${stdout}${stderr}`)
  }
}
