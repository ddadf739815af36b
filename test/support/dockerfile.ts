import { readFileSync } from 'node:fs'
import { Copy, DockerfileParser } from 'dockerfile-ast'

/** An instruction of the Dockerfile. */
export interface Step {
  /** `COPY`, `RUN` … */
  readonly keyword: string
  /** what follows, without flags, as it is written */
  readonly text: string
  readonly args: readonly string[]
  /** of COPY: the stage that it copies from; none, where that is the repository */
  readonly from: string | undefined
}

/** The text of the repository's Dockerfile. */
export const DOCKERFILE = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8')

/** The steps of each stage, in order; the first of a stage is its FROM. */
export function stages(): readonly Step[][] {
  const stages: Step[][] = []
  for (const instruction of DockerfileParser.parse(DOCKERFILE).getInstructions()) {
    const keyword = instruction.getKeyword()
    const args = instruction.getArguments().map((argument) => argument.getValue())
    const from = instruction instanceof Copy ? instruction.getFromFlag()?.getValue() : undefined
    if (keyword === 'FROM') stages.push([])
    const text = instruction.getRawArgumentsContent() ?? ''
    stages.at(-1)?.push({ keyword, text, args, from: from ?? undefined })
  }
  return stages
}

/** The steps of `stage` with this keyword. */
export function stepsOf(stage: readonly Step[], keyword: string): Step[] {
  return stage.filter((step) => step.keyword === keyword)
}

/**
 * The program and arguments of a stage's CMD or HEALTHCHECK.
 * @throws SyntaxError where they are not in exec form, and a shell would be between
 */
export function execForm(stage: readonly Step[], keyword: 'CMD' | 'HEALTHCHECK'): string[] {
  const text = stepsOf(stage, keyword).at(-1)?.text ?? ''
  return JSON.parse(text.replace(/^CMD /, '')) as string[]
}

/** What a stage's ENV steps put into the environment. */
export function environment(stage: readonly Step[]): Record<string, string> {
  const pairs = stepsOf(stage, 'ENV').flatMap(({ args }) => args)
  return Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s, 2)))
}
