/**
 * The one registry of error codes (contract §5). A code says what happened, and never changes its meaning or is used again.
 *
 * `status` is the HTTP status of the problem document before a stream has begun; `close` is the WebSocket close code when it ends
 * a stream. A code with neither is told in an `error` message and the stream goes on. PROTOCOL.md's table is made from this.
 */
export interface Code {
  /** HTTP status (RFC 9110) */
  readonly status?: number
  /** WebSocket close code (RFC 6455 §7.4): 44xx change something first, 45xx and 10xx come back with backoff */
  readonly close?: number
  /** the problem's title (RFC 9457 §3.1.3): the same at every occurrence */
  readonly title: string
  /** what the client should do */
  readonly action: string
}

export const CODES = {
  'bad-json': {
    status: 400,
    title: 'The body is not well-formed JSON',
    action:
      'Send UTF-8 I-JSON (RFC 7493): no repeated or prototype member names, no lone surrogates, numbers a double can hold, at most 64 levels.',
  },
  'bad-msgpack': {
    status: 400,
    title: 'The body is not well-formed MessagePack',
    action:
      'Send one value of JSON: no binary or extension types, keys that are different strings, and the rest as for `bad-json`.',
  },
  'bad-protobuf': {
    status: 400,
    title: 'The body is not well-formed Protobuf',
    action: 'Send a `Publish` of `tidings.proto`, without other fields.',
  },
  'bad-notification': {
    status: 400,
    title: 'A notification is not valid',
    action: 'Mend what `errors` points at. Nothing of the request was stored.',
  },
  'bad-revocation': {
    status: 400,
    title: 'A revocation is not valid',
    action: 'Mend what `errors` points at. Nothing was revoked.',
  },
  'bad-idempotency-key': {
    status: 400,
    title: 'The Idempotency-Key is not valid',
    action: 'Send 1 to 128 printable ASCII characters; in a batch `:N` is added and counts.',
  },
  'bad-query': {
    status: 400,
    title: 'A query parameter or header is not valid',
    action: 'Mend what `errors` names.',
  },
  'bad-cursor': {
    status: 400,
    title: 'The cursor is not intelligible',
    action: 'Send a cursor as it was received, or none.',
  },
  'pipelined-stream': {
    status: 400,
    title: 'A stream was asked for behind another request on the same connection',
    action: 'Wait for the answer before you ask for a stream on a connection, or use another.',
  },
  'bad-request': {
    status: 400,
    title: 'The request is not well-formed HTTP',
    action: 'Mend the client.',
  },
  unauthenticated: {
    status: 401,
    close: 4401,
    title: 'No credential was sent',
    action: 'Send a token or an API key.',
  },
  'token-invalid': {
    status: 401,
    close: 4401,
    title: 'The token or API key is not good',
    action: 'Fetch another. `WWW-Authenticate` says what is wrong with it.',
  },
  'token-expired': {
    status: 401,
    close: 4401,
    title: 'The token has run out',
    action: 'Fetch another and come back with the last cursor.',
  },
  'token-revoked': {
    status: 401,
    close: 4401,
    title: 'The token has been revoked',
    action: 'Log in anew.',
  },
  forbidden: {
    status: 403,
    close: 4403,
    title: 'The credential does not allow this',
    action: 'Ask for channels that the grants cover, or fetch a token with more.',
  },
  'origin-refused': {
    status: 403,
    title: 'Pages of this origin may not do this',
    action: 'The operator has to add the origin to `TIDINGS_ALLOWED_ORIGINS`.',
  },
  'host-refused': {
    status: 421,
    title: 'The service does not go by this host',
    action:
      'Ask for `localhost` or an address; or the operator has to add the origin to `TIDINGS_ALLOWED_ORIGINS`, or choose `TIDINGS_AUTH=jwt`.',
  },
  'not-found': { status: 404, title: 'There is nothing at this path', action: 'Mend the URL.' },
  'method-not-allowed': {
    status: 405,
    title: 'The path does not take this method',
    action: 'Use a method that `Allow` names.',
  },
  'no-tokens': {
    status: 409,
    title: 'This service takes no tokens, so that there is nothing to revoke',
    action: 'Have it run with `TIDINGS_AUTH=jwt`.',
  },
  'not-scheduled': {
    status: 404,
    title: 'No such notification is scheduled',
    action: 'Nothing: it was never scheduled, or it was published or cancelled some time ago.',
  },
  'already-published': {
    status: 409,
    title: 'The notification has been published, and can not be cancelled',
    action: 'Publish another that takes it back.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request did not arrive in time',
    action: 'Send it again, faster.',
  },
  'too-large': {
    status: 413,
    title: 'The body or a part of it is too large',
    action: 'Send less at once: the limit is in `detail`.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body has a type or coding that is not understood',
    action:
      'Send `application/json`, `application/x-ndjson`, `application/msgpack`, `application/x-protobuf` or an event of CloudEvents in JSON; text as UTF-8; no Content-Encoding.',
  },
  'expectation-failed': {
    status: 417,
    title: 'The request expects what this service does not do',
    action: 'Send no `Expect`, or `100-continue`.',
  },
  'too-many-connections': {
    status: 429,
    title: 'This address, or this principal, has too many streams open',
    action: 'Close some, or come back after `Retry-After`.',
  },
  'too-many-requests': {
    status: 429,
    close: 4429,
    title: 'Too much was asked in too short a time',
    action: 'Ask less often, and not again before `Retry-After`, or some seconds after a close.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The request line and headers are too large',
    action: 'Send fewer or shorter headers and parameters.',
  },
  internal: {
    status: 500,
    close: 4500,
    title: 'The service failed',
    action: 'Come back with backoff; tell the operator if it goes on.',
  },
  'log-unavailable': {
    status: 503,
    title: 'The log can not be reached or can not take more now',
    action: 'Send the same again, with the same ids, after `Retry-After`.',
  },
  'keys-unavailable': {
    status: 503,
    title: 'The keys that tokens are checked with can not be had now',
    action: 'Send the same again after `Retry-After`: the token may well be good.',
  },
  'too-many-revocations': {
    status: 503,
    title: 'As many revocations are in force as may be',
    action:
      'Come back after `Retry-After`, when some have lapsed; revoke a `sub` instead of many a `jti`, and no longer than its tokens last.',
  },
  'too-many-scheduled': {
    status: 503,
    title: 'As many notifications are scheduled as may be',
    action:
      'Send the same again after `Retry-After`, when some have been published. Nothing of the request was stored.',
  },
  'at-capacity': {
    status: 503,
    title: 'The service has as many streams open as it may',
    action: 'Come back after `Retry-After`.',
  },
  draining: {
    status: 503,
    close: 1012,
    title: 'This instance is being stopped',
    action: 'Come back, to another instance, after `retryAfter` or `Retry-After`.',
  },
  'max-age': {
    close: 4508,
    title: 'The stream has reached its greatest age',
    action: 'Come back after `retryAfter` with the last cursor.',
  },
  'bad-message': {
    title: 'A frame was not a valid message',
    action: 'Mend the client. The tenth in a minute closes the stream with `too-many-bad-messages`.',
  },
  'bad-channel': {
    title: 'A message named a channel or pattern that is not valid',
    action: 'Mend the name.',
  },
  'too-many-channels': {
    title: 'The stream would have more channels than it may',
    action: 'Drop some first, or use a pattern. The set of channels is as it was.',
  },
  'too-many-bad-messages': {
    close: 4400,
    title: 'Ten frames in a minute were not valid messages',
    action: 'Mend the client before it comes back.',
  },
  'frame-too-large': {
    close: 4413,
    title: 'A frame was larger than it may be',
    action: 'Send smaller messages.',
  },
  'heartbeat-unanswered': {
    close: 4408,
    title: 'Two pings went unanswered',
    action: 'Come back with the last cursor.',
  },
} as const satisfies Record<string, Code>

/** A code of the registry. */
export type ErrorCode = keyof typeof CODES

/** The codes that an `error` message may have, on a stream that has begun. */
export const STREAM_CODES = [
  'bad-message',
  'bad-channel',
  'too-many-channels',
  'frame-too-large',
  'too-many-requests',
  'token-invalid',
  'token-expired',
  'token-revoked',
  'forbidden',
  'keys-unavailable',
  'log-unavailable',
  'internal',
] as const satisfies readonly ErrorCode[]

/** A code that an `error` message may have. */
export type StreamCode = (typeof STREAM_CODES)[number]
