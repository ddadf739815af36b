import type { z } from 'zod'
import type { Example, Operation } from './operation.ts'
import { jsonSchema } from './schema.ts'

/** Where an example has the values of parameters. */
type Place = 'path' | 'query' | 'headers'

/** Parameter objects (OpenAPI 3.1 §4.8.12). A list in a query is repeated, `a=1&a=2`, as OpenAPI takes it to be. */
export function parameters({ path, query, headers, examples = {} }: Operation): object[] {
  return [
    ...placed('path', path, examples),
    ...placed('query', query, examples),
    ...placed('headers', headers, examples),
  ]
}

function placed(
  place: Place,
  shape: z.ZodObject | undefined,
  examples: Readonly<Record<string, Example>>,
): object[] {
  if (!shape) return []
  const { properties = {}, required = [] } = jsonSchema(shape, 'input') as {
    properties?: Record<string, { description?: string }>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place === 'headers' ? 'header' : place,
    description,
    required: required.includes(name),
    schema,
    ...given(name, place, examples),
  }))
}

/** The values that the parameter `name` has in the examples, by their names. */
function given(name: string, place: Place, examples: Readonly<Record<string, Example>>): object {
  const values = Object.entries(examples).flatMap(([key, { summary, [place]: parameters }]) => {
    const value = parameters?.[name]
    return value === undefined ? [] : [[key, { summary, value }]]
  })
  return values.length > 0 ? { examples: Object.fromEntries(values) } : {}
}
