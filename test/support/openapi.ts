import { request } from 'undici'
import { get, type Target } from './clients/requests.ts'

type Examples = Readonly<Record<string, { readonly value: unknown }>>

/** What the tests look at of a media type object. */
interface MediaType {
  readonly schema: object
  readonly examples?: Examples
}

interface Response {
  readonly headers?: object
  readonly content?: Readonly<Record<string, MediaType>>
}

/** What the tests look at of an operation object. */
export interface OperationObject {
  readonly operationId: string
  readonly security: readonly object[]
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly examples?: Examples }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> }
  readonly responses: Readonly<Record<string, Response>>
}

/** What the tests look at of an OpenAPI document. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: {
    readonly responses: Readonly<Record<string, Response>>
    readonly securitySchemes?: Readonly<Record<string, object>>
  }
}

/** An operation, and where it is. */
export interface Located {
  readonly path: string
  readonly method: string
  readonly operation: OperationObject
}

/** A request of the document, and what it should be answered. */
export interface ExampleRequest extends Located {
  readonly name: string
  /** with the query */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** of the answer */
  readonly status: string
  /** media type of the answer */
  readonly type: string
}

/** The document as the service has it. */
export async function documentOf(target: Target): Promise<OpenApi> {
  return (await get(target, '/openapi.json')).body as OpenApi
}

/** Every operation, in the order of the document. */
export function operationsOf({ paths }: OpenApi): Located[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
}

/** Every example, operations and their requests in the order of the document; an operation that has none is asked as it is. */
export function exampleRequests(document: OpenApi): ExampleRequest[] {
  return operationsOf(document).flatMap((located) => {
    const answers = answersOf(located.operation)
    const asIs = [{ name: '', status: '200', type: Object.keys(answersWith(located, '200'))[0] ?? '' }]
    return (answers.length > 0 ? answers : asIs).map((answer) => requestOf(located, answer))
  })
}

function answersWith({ operation }: Located, status: string): Readonly<Record<string, MediaType>> {
  return operation.responses[status]?.content ?? {}
}

/** The examples of an operation are those of its answers: a request has the same name. */
function answersOf({
  responses,
  parameters,
  requestBody,
}: OperationObject): Pick<ExampleRequest, 'name' | 'status' | 'type'>[] {
  const requests = [...Object.values(requestBody?.content ?? {}), ...parameters]
  const order = requests.flatMap(({ examples = {} }) => Object.keys(examples))
  const answers = Object.entries(responses).flatMap(([status, { content = {} }]) =>
    Object.entries(content).flatMap(([type, { examples = {} }]) =>
      Object.keys(examples).map((name) => ({ name, status, type })),
    ),
  )
  return answers.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
}

function requestOf(
  located: Located,
  answer: Pick<ExampleRequest, 'name' | 'status' | 'type'>,
): ExampleRequest {
  const { path, operation } = located
  const query = new URLSearchParams()
  let itsPath = path
  const headers: Record<string, string> = {}
  for (const parameter of operation.parameters) {
    const value = parameter.examples?.[answer.name]?.value
    if (value === undefined) continue
    if (parameter.in === 'path') {
      itsPath = itsPath.replace(`{${parameter.name}}`, encodeURIComponent(String(value)))
    } else if (parameter.in === 'header') headers[parameter.name] = String(value)
    else for (const one of [value].flat()) query.append(parameter.name, String(one))
  }
  const [body] = Object.entries(operation.requestBody?.content ?? {}).flatMap(([type, { examples = {} }]) => {
    const example = examples[answer.name]
    return example ? [{ type, value: example.value }] : []
  })
  if (body) headers['content-type'] = body.type
  return {
    ...located,
    ...answer,
    url: `${itsPath}?${query}`,
    headers,
    body: body && (typeof body.value === 'string' ? body.value : JSON.stringify(body.value)),
  }
}

/** What came back. */
export interface Answered {
  readonly status: string
  /** media type, with its parameters */
  readonly type: string
  /** names, in small letters */
  readonly headers: readonly string[]
  /** parsed, when it is JSON; of a stream the first chunk */
  readonly body: unknown
}

/** Sends such a request, with `more` headers. */
export async function send(
  { url: origin }: Target,
  { method, url, headers, body }: Pick<ExampleRequest, 'method' | 'url' | 'headers' | 'body'>,
  more: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const answer = await request(origin + url, {
    method: method.toUpperCase() as 'GET' | 'POST',
    headers: { ...headers, ...more },
    body: body ?? null,
    reset: true,
  })
  const type = String(answer.headers['content-type'])
  const text = type.startsWith('text/event-stream') ? await firstChunk(answer.body) : await answer.body.text()
  return {
    status: String(answer.statusCode),
    type,
    headers: Object.keys(answer.headers),
    body: /\bjson\b/.test(type) ? JSON.parse(text) : text,
  }
}

async function firstChunk(stream: AsyncIterable<Buffer>): Promise<string> {
  for await (const chunk of stream) return chunk.toString()
  return ''
}
