import { LogUnavailable } from '../log/log.ts'
import type { ErrorCode } from '../protocol/codes.ts'
import { type Authenticator, KeysUnavailable, Unauthenticated } from './authenticator.ts'

/** Has `failed` told of every credential that `authenticator` finds not good, or can't judge. */
export function counted(authenticator: Authenticator, failed: (reason: ErrorCode) => void): Authenticator {
  return {
    authenticate: (credential) =>
      authenticator.authenticate(credential).catch((error) => {
        failed(reasonOf(error))
        throw error
      }),
  }
}

function reasonOf(error: unknown): ErrorCode {
  if (error instanceof Unauthenticated) return error.code
  if (error instanceof KeysUnavailable) return 'keys-unavailable'
  return error instanceof LogUnavailable ? 'log-unavailable' : 'internal'
}
