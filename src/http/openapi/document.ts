import { READ_BY_PAGES, SENT_BY_PAGES } from '../origin.ts'
import { REFUSED, responses } from './answers.ts'
import { contentObject, schemasOf } from './content.ts'
import type { Access, Operation, Tag } from './operation.ts'
import { parameters } from './parameters.ts'
import { PROBLEM } from './problems.ts'
import { type Credentials, security, securitySchemes } from './security.ts'

/** A route, and what it says of itself. */
export interface DocumentedRoute {
  readonly method: string
  /** as Fastify has it */
  readonly path: string
  readonly operation: Operation
}

const DESCRIPTION = `Tidings delivers notifications from a backend to browsers and other clients over WebSocket, Server-Sent Events or long
polling: one URL, one cursor, every notification in order, none missing and none twice.

This is the HTTP side of it, as this instance has it. The messages of the streams are in \`asyncapi.yaml\` of the npm package, and every
clause is in \`PROTOCOL.md\`.

- Whatever is refused is answered with a problem document (RFC 9457). Its \`code\` is what to go by.
- What is limited in number is \`429\` with \`Retry-After\`; what can't be done now is \`503\`.
- \`HEAD\` is answered wherever \`GET\` is, but for the stream.
- Pages of the origins that the operator has listed may call everything here (CORS), and preflights are answered at every path. They
  may send ${quoted(SENT_BY_PAGES)}, and read ${quoted(READ_BY_PAGES)}.`

function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

const TAGS: Readonly<Record<Tag, string>> = {
  Notifications: 'What the service is for.',
  Tokens: 'To have tokens refused before they run out.',
  Operation: 'What operators, and what watches over the service for them, ask.',
  Pages: "The service's own pages, and the SDK for those of others.",
}

const ACCESS: Readonly<Record<Access, string>> = {
  everyone: '',
  credential: 'Where the service asks for tokens, its grants have to cover the channels.',
  admin: 'Where the service asks for tokens, it has to have `admin`.',
}

/** The OpenAPI 3.1 document of `routes`, for a service that takes these credentials. */
export function openApiDocument(routes: readonly DocumentedRoute[], credentials: Credentials): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const { method, path: route, operation } of routes) {
    const path = route.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][method.toLowerCase()] = operationObject(operation, credentials)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tidings',
      version: '1',
      summary: 'One URL, one cursor: notifications over whichever transport the network lets through',
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // As this document was asked for, whatever proxy is in between.
    servers: [{ url: '.' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      responses: { Refused: REFUSED },
      securitySchemes: securitySchemes(credentials),
    },
  }
}

/** Operation object (OpenAPI 3.1 §4.8.10). */
function operationObject(operation: Operation, credentials: Credentials): object {
  const { id, tag, summary, description, access, body, examples = {} } = operation
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [description, ACCESS[access]].filter((text) => text).join('\n\n'),
    security: security(access, credentials),
    parameters: parameters(operation),
    ...(body && {
      requestBody: {
        required: true,
        content: contentObject(schemasOf(body, 'input'), examples, (example) => example.body),
      },
    }),
    responses: responses(operation),
  }
}
