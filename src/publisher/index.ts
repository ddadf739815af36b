export type { ProblemDetail } from '../protocol/problem.ts'
export type { Published } from '../protocol/publish.ts'
export { PublishError, type PublishErrorCode } from './error.ts'
export { Publisher, type PublisherOptions, type PublishOptions } from './publisher.ts'
