import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type DocumentedRoute, openApiDocument } from './openapi/document.ts'
import type { Operation } from './openapi/operation.ts'
import type { Credentials } from './openapi/security.ts'

/** Methods that Fastify and its plugins answer by themselves. */
const BY_THEMSELVES = ['HEAD', 'OPTIONS']

/**
 * Notes what the routes say of themselves that are registered from here on.
 * @returns grows as they are
 * @throws Error, when a route is registered that says nothing
 */
export function documentRoutes(app: FastifyInstance): readonly DocumentedRoute[] {
  const routes: DocumentedRoute[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat().filter((name) => !BY_THEMSELVES.includes(name))) {
      if (!config?.operation) throw new Error(`${one} ${url} needs \`config.operation\`, for /openapi.json`)
      routes.push({ method: one, path: url, operation: config.operation })
    }
  })
  return routes
}

/** What the route needs. */
export interface OpenApiOptions {
  /** all of the service */
  readonly routes: readonly DocumentedRoute[]
  readonly credentials: Credentials
}

const OPERATION: Operation = {
  id: 'describe',
  tag: 'Pages',
  summary: 'This document',
  access: 'everyone',
  answers: {
    200: {
      description: 'An OpenAPI document.',
      content: { 'application/json': z.looseObject({ openapi: z.literal('3.1.0') }) },
    },
  },
}

/** Fastify plugin: `GET /openapi.json`, what the routes of this instance take and answer (OpenAPI 3.1; contract §7). */
export function openApiRoute(
  app: FastifyInstance,
  { routes, credentials }: OpenApiOptions,
  done: () => void,
): void {
  // Made once, when somebody asks: few do, and it takes longer than all else that is asked without a credential.
  let text: string | undefined

  app.get('/openapi.json', { config: { operation: OPERATION } }, (_request, reply) => {
    text ??= JSON.stringify(openApiDocument(routes, credentials))
    reply.header('cache-control', 'no-cache').type('application/json').send(text)
  })
  done()
}
