import type { Line } from './lines.ts'
import { ServiceError } from './request.ts'

/** How far a publish of many lines had come when it failed. */
export interface Reached {
  /** the last line that is published, with all before it; 0: none */
  readonly done: number
  /** the lines that were under way */
  readonly sent: readonly Line[]
  /** by a signal */
  readonly wasStopped: boolean
}

/** What went wrong, with the lines that are to blame, and what is published all the same: where to go on from. */
export function failureOf(error: unknown, { done, sent, wasStopped }: Reached): string {
  const isRefused = error instanceof ServiceError && !error.isPassing
  const words = wasStopped ? 'Told to stop.' : error instanceof Error ? error.message : String(error)
  const blamed = isRefused ? blame(error, sent) : []
  const published = done === 0 ? 'No line is published' : `Lines up to ${done} are published`
  // Refused is refused whole (PROTOCOL P-16); of what was not answered nobody knows.
  const rest = isRefused || sent.length === 0 ? 'and nothing after that' : `and ${namesOf(sent)} may be`
  return [words, ...blamed, `${published}, ${rest}.`].join('\n')
}

function namesOf(lines: readonly Line[]): string {
  const [first, last] = [lines[0]?.number, lines.at(-1)?.number]
  return first === last ? `line ${first}` : `lines ${first} to ${last}`
}

/** The details of a refusal, each with its line; their pointers begin with the index in the batch. */
function blame({ details }: ServiceError, sent: readonly Line[]): string[] {
  return details.map(({ pointer, detail }) => {
    const [, index, ...path] = pointer.split('/')
    const member = path.length > 0 ? ` (${path.join('/')})` : ''
    return `line ${sent[Number(index)]?.number}${member}: ${detail}`
  })
}
