import type { z } from 'zod'
import type { Example } from './operation.ts'
import { type JsonSchema, jsonSchema } from './schema.ts'

/** Schemas by media type. */
export type Content = Readonly<Record<string, JsonSchema>>

/** The schemas of bodies that are taken (`input`), or of answers. */
export function schemasOf(content: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Content {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, jsonSchema(schema, io)]))
}

/** What an example has for a media type, if anything. */
export type Sample = (example: Example) => { readonly type?: string; readonly value?: unknown } | undefined

/**
 * Media type objects (OpenAPI 3.1 §4.8.14).
 *
 * @param examples of the operation, by name
 */
export function contentObject(
  content: Content,
  examples: Readonly<Record<string, Example>>,
  sample: Sample,
): object {
  return Object.fromEntries(
    Object.entries(content).map(([type, schema]) => {
      const some = Object.entries(examples).flatMap(([name, example]) => {
        const { type: itsType, value } = sample(example) ?? {}
        return itsType === type && value !== undefined ? [[name, { summary: example.summary, value }]] : []
      })
      return [type, { schema, ...(some.length > 0 && { examples: Object.fromEntries(some) }) }]
    }),
  )
}
