import { CODES, type ErrorCode } from '../protocol/codes.ts'
import { Failure, type Refusal } from './failure.ts'

/**
 * Why a publish or a cancellation failed: a code of PROTOCOL.md, or, where the service had no part in it,
 * - `unreachable`: there was no answer, so that nobody knows whether it is done
 * - `bad-answer`: the answer is not one of the service; a proxy may have given it
 * - `queue-full`: too much waits already, and it was not sent
 * - `closed`: the publisher is closed, and it was not sent
 */
export type PublishErrorCode = ErrorCode | 'unreachable' | 'bad-answer' | 'queue-full' | 'closed'

/** A notification is not published, or not cancelled, as far as is known. Do it again with the same id: it is done once. */
export class PublishError extends Failure {
  override readonly name = 'PublishError'
  readonly code: PublishErrorCode

  constructor(code: PublishErrorCode, message: string, refusal?: Refusal) {
    super(message, refusal)
    this.code = code
  }
}

/** `code` of a problem document, if it is one of the registry. */
export function knownCode(code: string | undefined): ErrorCode | undefined {
  return code !== undefined && Object.hasOwn(CODES, code) ? (code as ErrorCode) : undefined
}
