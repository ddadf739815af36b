import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

/** What Redocly finds wrong with an OpenAPI or AsyncAPI document, its examples among it; rules that are named here are not asked. */
export async function faultsOf(source: string, but: readonly string[]): Promise<string[]> {
  const config = await createConfig({
    extends: ['recommended'],
    rules: {
      'no-invalid-media-type-examples': 'error',
      'no-invalid-parameter-examples': 'error',
      ...Object.fromEntries(but.map((rule) => [rule, 'off'])),
    },
  })
  const problems = await lintFromString({ source, absoluteRef: 'document.yaml', config })
  return problems.map(({ ruleId, message, location }) => `${location[0]?.pointer}: ${message} (${ruleId})`)
}

/** Says what is wrong with a value by the schema that stands at `pointer` (RFC 6901) of the document; `[]` for nothing. */
export type Check = (pointer: string, value: unknown) => string[]

/** Makes what checks values by the schemas of `document`, references and all. */
export function checker(document: object): Check {
  // The document has much that is no schema in it.
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'https://tidings.test/document', ...document } as AnySchema)
  return (pointer, value) => {
    const validate = ajv.getSchema(`https://tidings.test/document#${pointer}`)
    if (!validate) throw new Error(`there is no schema at ${pointer}`)
    validate(value)
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }
}

/** A JSON pointer of `steps` (RFC 6901 §3), as a URI's fragment (§6). */
export function pointerOf(...steps: readonly string[]): string {
  return steps
    .map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
    .join('')
}

/** The types of all members, and of the first item of lists. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]))
}
