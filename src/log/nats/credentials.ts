import { readFileSync } from 'node:fs'
import { credsAuthenticator, type NodeConnectionOptions, nkeyAuthenticator } from '@nats-io/transport-node'

/** How the service proves to NATS who it is; at most one of them. */
export type Credentials =
  | { readonly user: string; readonly password: string }
  | { readonly token: string }
  /** an nkey seed, `SU…` */
  | { readonly nkey: string }
  /** the path of a file with a user's JWT and seed, as `nsc generate creds` writes it; read anew at every connect */
  | { readonly credsFile: string }

/** TLS beside what the server asks for. */
export interface Tls {
  /** the path of a PEM file with the authorities to trust instead of the public ones */
  readonly caFile?: string
}

/** The client's options for credentials and TLS. */
export function securityOptions(
  credentials: Credentials | undefined,
  tls: Tls | undefined,
): NodeConnectionOptions {
  return {
    ...(tls && { tls: { ...(tls.caFile !== undefined && { caFile: tls.caFile }) } }),
    ...(credentials && authentication(credentials)),
  }
}

function authentication(credentials: Credentials): NodeConnectionOptions {
  if ('user' in credentials) return { user: credentials.user, pass: credentials.password }
  if ('token' in credentials) return { token: credentials.token }
  if ('nkey' in credentials) {
    return { authenticator: nkeyAuthenticator(new TextEncoder().encode(credentials.nkey)) }
  }
  return { authenticator: credsAuthenticator(() => readFileSync(credentials.credsFile)) }
}
