import t from 'tap'
import { isOriginAllowed } from '../../../src/http/origin.ts'

const CASES: readonly (readonly [string, string | undefined, string, readonly string[], boolean])[] = [
  ['no page', undefined, 'a.example', [], true],
  ['the same host', 'http://a.example', 'a.example', [], true],
  ['the same host behind TLS', 'https://a.example', 'a.example', [], true],
  ['the same host and port', 'http://127.0.0.1:8080', '127.0.0.1:8080', [], true],
  ['the same IPv6 address', 'http://[::1]:8080', '[::1]:8080', [], true],
  ['a default port that a proxy wrote out', 'https://a.example', 'a.example:443', [], true],
  ['a host in capitals', 'https://a.example', 'A.Example', [], true],
  ['another port', 'http://127.0.0.1:8081', '127.0.0.1:8080', [], false],
  ['another host', 'https://b.example', 'a.example', [], false],
  ['a host below', 'https://x.a.example', 'a.example', [], false],
  ['a host that begins like it', 'https://a.example.evil', 'a.example', [], false],
  ['a host that ends like it', 'https://evila.example', 'a.example', [], false],
  ['null', 'null', 'null', [], false],
  ['null, with others on the list', 'null', 'a.example', ['https://b.example'], false],
  ['nothing', '', '', [], false],
  ['a file', 'file://', '', [], false],
  ['an extension', 'chrome-extension://abc', 'a.example', [], false],
  ['no host', 'https://a.example', '', [], false],
  ['on the list', 'https://b.example', 'a.example', ['https://c.example', 'https://b.example'], true],
  ['on the list with another scheme', 'http://b.example', 'a.example', ['https://b.example'], false],
  ['on the list with another port', 'https://b.example:8443', 'a.example', ['https://b.example'], false],
  ['not on the list', 'https://d.example', 'a.example', ['https://b.example'], false],
  ['the same, besides the list', 'https://a.example', 'a.example', ['https://b.example'], true],
  ['all may', 'https://b.example', 'a.example', ['*'], true],
  ['all may, null too', 'null', 'a.example', ['*'], true],
]

for (const [name, origin, host, allowed, expected] of CASES) {
  t.test(`${name}: ${expected ? 'may' : 'may not'}`, async (t) => {
    t.equal(isOriginAllowed(origin, host, allowed), expected)
  })
}
