import { z } from 'zod'
import type { Operation } from './operation.ts'

/** The answers of a route that has one file, of media type `type`. */
export function fileAnswers(type: string): Operation['answers'] {
  return {
    200: {
      description: 'The file; zipped, where `Accept-Encoding` allows it.',
      headers: { ETag: 'Its version, and coding.' },
      content: { [type]: z.string() },
    },
    304: { description: 'It is the version that `If-None-Match` names.' },
  }
}
