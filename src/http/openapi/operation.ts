import type { z } from 'zod'
import type { ProblemCode } from '../problem.ts'

/**
 * What a route says of itself in `/openapi.json`: it stands beside the route, as its `config.operation`, and a route without one is not
 * taken. The schemas are those that requests are checked with.
 */
export interface Operation {
  /** a name for generated clients (OpenAPI 3.1 §4.8.10) */
  readonly id: string
  readonly tag: Tag
  readonly summary: string
  /** Markdown */
  readonly description?: string
  readonly access: Access
  /** of a path with `:name` in it */
  readonly path?: z.ZodObject
  readonly query?: z.ZodObject
  readonly headers?: z.ZodObject
  /** by media type */
  readonly body?: Readonly<Record<string, z.ZodType>>
  /** by status: those to requests that were well */
  readonly answers: Readonly<Record<number, Answer>>
  /** what the route itself may refuse requests with; what `access` asks for comes by itself */
  readonly problems?: readonly ProblemCode[]
  /** by name; a test sends them in this order to a service that has just been started */
  readonly examples?: Readonly<Record<string, Example>>
}

/** Under which head an operation is found. */
export type Tag = 'Notifications' | 'Tokens' | 'Operation' | 'Pages'

/** Who may call it under `jwt` (PROTOCOL P-100, P-102): whoever comes, who shows a credential, or who has `admin` by it. */
export type Access = 'everyone' | 'credential' | 'admin'

/** An answer to a request that was well. */
export interface Answer {
  readonly description: string
  /** what each header says, by name */
  readonly headers?: Readonly<Record<string, string>>
  /** by media type */
  readonly content?: Readonly<Record<string, z.ZodType>>
}

/** A request, and what it is answered. */
export interface Example {
  readonly summary: string
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** text as it is sent, all else as JSON */
  readonly body?: { readonly type: string; readonly value: unknown }
  readonly answer: { readonly status: number; readonly type: string; readonly value: unknown }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: Operation
  }
}
