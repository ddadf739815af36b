import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { SETTINGS } from '../../src/config/settings.ts'

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

interface Service {
  readonly environment?: Readonly<Record<string, string | number>>
  readonly depends_on?: readonly string[]
  readonly volumes?: readonly string[]
  readonly stop_grace_period?: string
}

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const { services, volumes } = parse(read('compose.yaml'), { merge: true }) as Compose
const instances = Object.entries(services).filter(([, { environment }]) => environment)

/** At worst, after the drain: the last requests, publishes on their way to NATS, and an attempt to connect to it. */
const STOP_SECONDS = 5 + 5 + 2 * 3

t.test('every variable in compose.yaml is a setting with a value that it may have', async (t) => {
  t.equal(instances.length, 3)
  for (const [name, { environment = {} }] of instances) {
    const refused = Object.entries(environment).filter(
      ([variable, value]) =>
        !SETTINGS.find((setting) => setting.variable === variable)?.accepts(String(value)),
    )
    t.strictSame(refused, [], name)
  }
})

t.test('what compose.yaml names is there', async (t) => {
  for (const [name, { environment = {}, depends_on = [], volumes: mounts = [] }] of Object.entries(
    services,
  )) {
    const hosts = `${environment['TIDINGS_NATS_URL'] ?? ''}`.match(/(?<=nats:\/\/)[^:,]+/g) ?? []
    const unknown = [...depends_on, ...hosts].filter((other) => !(other in services))
    t.strictSame(unknown, [], `${name}: services`)
    for (const [source = ''] of mounts.map((mount) => mount.split(':'))) {
      if (source.startsWith('./')) t.doesNotThrow(() => read(source), source)
      else t.ok(source in volumes, source)
    }
  }
})

t.test('nginx passes on to the instances of compose.yaml', async (t) => {
  const addresses = [...read('config/nginx.conf').matchAll(/^ *server (\S+)/gm)].map(([, address]) => address)
  const wanted = instances.map(([name, { environment }]) => `${name}:${environment?.['TIDINGS_PORT']}`)
  t.strictSame(
    addresses.filter((address) => address !== '{'),
    wanted,
  )
})

t.test('an instance in compose.yaml has time to drain', async (t) => {
  for (const [name, { environment, stop_grace_period }] of instances) {
    t.ok(
      Number.parseInt(stop_grace_period ?? '', 10) >
        Number(environment?.['TIDINGS_DRAIN_SECONDS']) + STOP_SECONDS,
      name,
    )
  }
})
