import { isIP, isIPv4 } from 'node:net'
import { z } from 'zod'
import { list } from './kinds.ts'

/** An origin as browsers write it (RFC 6454 §6.1): lower case, without the default port and without a path. */
function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text
}

/** What `@fastify/proxy-addr` takes: an address, a range of addresses, or a name for several ranges. */
function isProxy(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  if (isIP(address) === 0) return /^(loopback|linklocal|uniquelocal)$/.test(text)
  if (bits === undefined) return true
  return more.length === 0 && /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (isIPv4(address) ? 32 : 128)
}

/** Settings of what lies between the service and its clients. */
export const networkShape = {
  allowedOrigins: list(
    'exact origins such as https://app.example, separated by commas, or `*`',
    z.string().refine((text) => text === '*' || isOrigin(text)),
    1000,
    "Pages of other origins than the service's own that may use it; in mode `none` on a loopback address their hosts may stand in `Host`, too. `*` stands for all of them, but not with a cookie.",
  ),
  trustProxy: list(
    'addresses, ranges such as 10.0.0.0/8, or loopback, linklocal, uniquelocal, separated by commas',
    z.string().refine(isProxy),
    1000,
    'Proxies whose `X-Forwarded-For` and `X-Forwarded-Host` are believed. By default none: a client could write them itself.',
  ),
}
