import { readFileSync } from 'node:fs'
import { UsageError } from './command.ts'

/** A running service, and who comes to it. */
export interface Service {
  /** its address, to which paths can be added: it ends in a slash */
  readonly url: URL
  /** the token or API key as it is now, where there is one; never to be shown */
  readonly token: (() => string) | undefined
}

/** The options of every command that is a client of a running service. */
export const serviceOptions = {
  url: { type: 'string' },
  token: { type: 'string' },
  'token-file': { type: 'string' },
} as const

/** What they mean, for a command's usage. */
export const serviceUsage = `  --url         the service's address; default: TIDINGSCLI_URL, else http://127.0.0.1:8080/
  --token       a token or API key; other users of the machine may see it there, but not in what follows
  --token-file  a file that has it, and is read again when it is needed; default: TIDINGSCLI_TOKEN has it`

/** Not TIDINGS_…, for those are the service's settings, and it starts with no others. */
const URL_VARIABLE = 'TIDINGSCLI_URL'
const TOKEN_VARIABLE = 'TIDINGSCLI_TOKEN'

/** What these options were given; `undefined`: not given. */
type Values = { readonly [Option in keyof typeof serviceOptions]?: string | undefined }

/**
 * Finds out which service is meant, and with what token.
 * @throws UsageError
 */
export function serviceOf(values: Values, env: NodeJS.ProcessEnv): Service {
  const url = values.url ?? env[URL_VARIABLE] ?? 'http://127.0.0.1:8080/'
  return { url: addressOf(url), token: tokenOf(values, env) }
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    // It may have a secret in it: so it is not shown.
    throw new UsageError(
      `--url, or ${URL_VARIABLE}, must be an http:// or https:// address without user, password and query`,
    )
  }
  url.pathname = url.pathname.replace(/\/?$/, '/')
  return url
}

function tokenOf({ token, 'token-file': file }: Values, env: NodeJS.ProcessEnv): Service['token'] {
  if (token !== undefined && file !== undefined) {
    throw new UsageError('--token and --token-file were given together: it must be one of them')
  }
  if (file !== undefined) {
    const read = () => fitForHeader(readToken(file), '--token-file')
    // What is wrong with it is told before anything is sent.
    read()
    return read
  }
  const text = token ?? env[TOKEN_VARIABLE]
  if (text === undefined) return
  const fit = fitForHeader(text, token === undefined ? TOKEN_VARIABLE : '--token')
  return () => fit
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new UsageError(`--token-file: ${error instanceof Error ? error.message : error}`)
  }
}

/** `fetch` shows a header that it can't send. */
function fitForHeader(token: string, from: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new UsageError(`${from} has no token: it must be printable ASCII without white space`)
}
