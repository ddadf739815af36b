import { z } from 'zod'

/** A schema of JSON Schema 2020-12, which is that of OpenAPI 3.1 (§4.8.24). */
export type JsonSchema = Readonly<Record<string, unknown>>

/** The members of a zod object that has all those of `T`, and no others: the compiler says which is missing, or too much. */
export type Shape<T> = { readonly [Member in keyof T]-?: z.ZodType<T[Member]> }

/** What `schema` takes, or what it lets through where that is sent. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}
