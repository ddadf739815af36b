export type { ProblemDetail } from '../protocol/problem.ts'
export type { Published, Scheduled } from '../protocol/publish.ts'
export { PublishError, type PublishErrorCode } from './error.ts'
export { type Later, Publisher, type PublisherOptions, type PublishOptions } from './publisher.ts'
