import type { ErrorCode } from '../protocol/codes.ts'

/** What RFC 6750 §3.1 calls the codes that are about the credential; one that was not sent has no error. */
const ERRORS: Readonly<Partial<Record<ErrorCode, string | null>>> = {
  unauthenticated: null,
  'token-invalid': 'invalid_token',
  'token-expired': 'invalid_token',
  'token-revoked': 'invalid_token',
  forbidden: 'insufficient_scope',
}

/** The value of `WWW-Authenticate` for a problem (RFC 6750 §3); `undefined` for codes that another credential would not help. */
export function challengeOf(code: ErrorCode, detail: string): string | undefined {
  const error = ERRORS[code]
  if (error === undefined) return undefined
  const realm = 'Bearer realm="tidings"'
  return error === null ? realm : `${realm}, error="${error}", error_description="${quotable(detail)}"`
}

/** The characters that a description may have. */
function quotable(text: string): string {
  return text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'")
}
