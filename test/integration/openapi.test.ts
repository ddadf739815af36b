import Fastify from 'fastify'
import t from 'tap'
import { documentRoutes } from '../../src/http/openapi.ts'
import { PUBLISH_FORMATS } from '../../src/http/publish/formats.ts'
import { CODES } from '../../src/protocol/codes.ts'
import { checker, faultsOf, pointerOf, shapeOf } from '../support/api-documents.ts'
import { startApp } from '../support/app.ts'
import { get, type Target } from '../support/clients/requests.ts'
import {
  type Answered,
  documentOf,
  type ExampleRequest,
  exampleRequests,
  type Located,
  operationsOf,
  send,
} from '../support/openapi.ts'
import { ADMIN, REVOCATION_SETTINGS } from '../support/revocations.ts'
import { mintToken } from '../support/tokens.ts'

type Headers = Readonly<Record<string, string>>

const AS_ADMIN = { authorization: `Bearer ${ADMIN}` }
const AS_NOBODY = { authorization: `Bearer ${await mintToken({})}` }

/** The headers that tell a client what to do about a refusal. */
const OF_PROBLEMS = ['allow', 'retry-after', 'www-authenticate']

const service = await startApp(t, {
  settings: { ...REVOCATION_SETTINGS, metrics: 'admin', tokenCookie: 'session' },
})
const document = await documentOf(service)
const check = checker(document)

/** What is wrong with an answer, by what the document says of its operation. */
function faultsOfAnswer(
  { path, method, operation }: Located,
  { status, type, headers, body }: Answered,
): string[] {
  const isListed = status in operation.responses
  const at = isListed ? ['paths', path, method, 'responses', status] : ['components', 'responses', 'Refused']
  const content = isListed ? operation.responses[status]?.content : { 'application/problem+json': undefined }
  const mediaType = Object.keys(content ?? {}).find((one) => type === one || type === `${one}; charset=utf-8`)
  if (mediaType === undefined) return [`${type} is not among ${Object.keys(content ?? {})}`]
  const response = isListed ? operation.responses[status] : document.components.responses['Refused']
  const said = Object.keys(response?.headers ?? {}).map((name) => name.toLowerCase())
  const promised = said.filter((name) => Number(status) < 400 && !headers.includes(name))
  const unsaid = headers.filter((name) => OF_PROBLEMS.includes(name) && !said.includes(name))
  return [
    ...check(pointerOf(...at, 'content', mediaType, 'schema'), body),
    ...promised.map((name) => `there is no ${name}`),
    ...unsaid.map((name) => `there is a ${name}`),
  ]
}

t.test('the document is valid, with credentials and without', async (t) => {
  const open = await documentOf(await startApp(t))
  for (const one of [document, open]) {
    const but = [
      // Where nobody is asked for credentials, none are defined.
      'security-defined',
      // What all have in common is under `default`.
      'operation-4xx-response',
      // `either … or` names members that stand one level above.
      'no-required-schema-properties-undefined',
    ]
    t.strictSame(await faultsOf(JSON.stringify(one), but), [])
  }
  t.ok(operationsOf(open).every(({ operation }) => operation.security.length === 0))
})

t.test('every route has a place in the document, and all that is in it is a route', async (t) => {
  const app = Fastify()
  documentRoutes(app)
  t.throws(() => app.get('/undocumented', async () => ''), /GET \/undocumented needs `config.operation`/)

  for (const { path, method } of operationsOf(document)) {
    const itsMethod = method.toUpperCase() as 'GET'
    const url = path.replaceAll(/\{(\w+)\}/g, ':$1')
    t.ok(service.app.server.hasRoute({ method: itsMethod, url }), `${method} ${path}`)
  }
  const ids = operationsOf(document).map(({ operation }) => operation.operationId)
  t.equal(new Set(ids).size, ids.length, 'each has an id of its own')
})

t.test('a publish takes the formats of the document, and no others', async (t) => {
  const { requestBody } = document.paths['/v1/notifications']?.['post'] ?? {}
  // The last one stands for all that the data of an event in binary mode may have.
  t.strictSame(Object.keys(requestBody?.content ?? {}), [...PUBLISH_FORMATS.keys(), 'text/plain'])
})

t.test('every code that has a status is listed', async (t) => {
  const text = JSON.stringify([document.paths, document.components])
  const listed = new Set(
    [...text.matchAll(/"code":\{"enum":\[(.*?)\]/g)].flatMap(([, list = '']) => list.split(',')),
  )
  for (const [code, entry] of Object.entries(CODES)) {
    t.equal(listed.has(`"${code}"`), 'status' in entry, code)
  }
})

t.test('every example is answered as the document says', async (t) => {
  const examples = exampleRequests(document)
  t.ok(examples.length > 15)
  for (const example of examples) {
    const label = `${example.method} ${example.path} ${example.name}`
    const answer = await send(service, example, AS_ADMIN)
    t.equal(answer.status, example.status, label)
    t.strictSame(faultsOfAnswer(example, answer), [], label)
    const shown =
      example.operation.responses[example.status]?.content?.[example.type]?.examples?.[example.name]
    if (typeof shown?.value === 'object') t.strictSame(shapeOf(answer.body), shapeOf(shown.value), label)
  }
})

t.test('what is refused is refused as the document says', async (t) => {
  const refuses = async (target: Target, status: string, example: ExampleRequest, headers: Headers) => {
    const answer = await send(target, example, headers)
    const label = `${example.method} ${example.path} ${status}`
    t.equal(answer.status, status, label)
    t.strictSame(faultsOfAnswer(example, answer), [], label)
  }
  const limited = await startApp(t, {
    settings: { ...REVOCATION_SETTINGS, addressPublishesPerSecond: 1, addressConnectsPerSecond: 1 },
  })
  for (const example of exampleRequests(document)) {
    await refuses(service, '405', { ...example, method: 'patch' }, AS_ADMIN)
    if (example.operation.security.length > 0) {
      await refuses(service, '401', example, {})
      await refuses(service, '403', example, AS_NOBODY)
    } else t.not((await send(service, example)).status, '401', `${example.path} asks for no credential`)
    if ('429' in example.operation.responses) {
      while ((await send(limited, example, AS_ADMIN)).status !== '429');
      await refuses(limited, '429', example, AS_ADMIN)
    } else {
      for (let i = 0; i < 3; i++) {
        t.not((await send(limited, example, AS_ADMIN)).status, '429', `${example.path} has no limit`)
      }
    }
  }
})

t.test('the credentials are those that the service takes', async (t) => {
  const { securitySchemes } = document.components
  t.match(securitySchemes, {
    bearer: { type: 'http', scheme: 'bearer' },
    query: { type: 'apiKey', in: 'query', name: 'token' },
    cookie: { type: 'apiKey', in: 'cookie', name: 'session' },
  })
  const stats = document.paths['/v1/stats']?.['get']
  t.strictSame(stats?.security, [{ bearer: [] }, { query: [] }, { cookie: [] }])
  for (const [query, headers] of [
    ['', AS_ADMIN],
    [`?token=${ADMIN}`, {}],
    ['', { cookie: `session=${ADMIN}` }],
  ] as const) {
    t.equal((await get(service, `/v1/stats${query}`, headers)).status, 200)
  }
})
