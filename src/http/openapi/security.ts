import type { Access } from './operation.ts'

/** The credentials that the service takes (PROTOCOL P-100). */
export interface Credentials {
  /** whether it asks for any */
  readonly asked: boolean
  /** the cookie that may hold a token; empty for none */
  readonly cookie: string
}

const SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'A token, or an API key (`tdk_…`).',
  },
  query: {
    type: 'apiKey',
    in: 'query',
    name: 'token',
    description: 'The same, where a client can set no header.',
  },
}

/** Security scheme objects (OpenAPI 3.1 §4.8.27), by name. */
export function securitySchemes({ asked, cookie }: Credentials): Readonly<Record<string, object>> {
  if (!asked) return {}
  if (cookie === '') return SCHEMES
  const description = 'A token, for pages of this origin and of those on the list.'
  return { ...SCHEMES, cookie: { type: 'apiKey', in: 'cookie', name: cookie, description } }
}

/** Security requirement objects (OpenAPI 3.1 §4.8.30): one of them is enough. */
export function security(access: Access, credentials: Credentials): object[] {
  if (access === 'everyone') return []
  return Object.keys(securitySchemes(credentials)).map((scheme) => ({ [scheme]: [] }))
}
