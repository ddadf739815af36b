import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { SETTINGS } from '../../src/config/settings.ts'
import { STOP_SECONDS } from '../support/stopping.ts'

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

interface Service {
  readonly build?: string
  readonly environment?: Readonly<Record<string, string | number>>
  readonly depends_on?: readonly string[]
  readonly volumes?: readonly string[]
  readonly stop_grace_period?: string
  readonly profiles?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly ulimits?: { readonly nofile: number }
}

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const { services, volumes } = parse(read('compose.yaml'), { merge: true }) as Compose
const instances = Object.entries(services).filter(([, { build }]) => build !== undefined)

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

t.test('an instance in compose.yaml can change nothing but the log', async (t) => {
  for (const [name, { read_only, cap_drop }] of instances) {
    t.strictSame([read_only, cap_drop], [true, ['ALL']], name)
  }
})

t.test('Prometheus and Grafana start only when they are asked for, and find each other', async (t) => {
  const monitoring = Object.entries(services).filter(([, { profiles }]) => profiles?.includes('monitoring'))
  t.strictSame(
    monitoring.map(([name]) => name),
    ['prometheus', 'grafana'],
  )
  const { datasources } = parse(read('config/grafana/datasource.yml')) as {
    datasources: readonly { url: string }[]
  }
  t.strictSame(
    datasources.map(({ url }) => url),
    ['http://prometheus:9090'],
  )
  const { providers } = parse(read('config/grafana/dashboards.yml')) as {
    providers: readonly { options: { path: string } }[]
  }
  const dashboard = services['grafana']?.volumes?.find((mount) => mount.includes('dashboard.json')) ?? ''
  t.ok(dashboard.split(':')[1]?.startsWith(`${providers[0]?.options.path}/`), dashboard)
})

t.test('Prometheus scrapes the instances of compose.yaml', async (t) => {
  const { scrape_configs } = parse(read('config/prometheus.yml')) as {
    scrape_configs: readonly { static_configs: readonly { targets: readonly string[] }[] }[]
  }
  t.strictSame(
    scrape_configs.flatMap(({ static_configs }) => static_configs.flatMap(({ targets }) => targets)),
    instances.map(([name, { environment }]) => `${name}:${environment?.['TIDINGS_PORT']}`),
  )
})

t.test('nginx passes on to the instances of compose.yaml', async (t) => {
  const addresses = [...read('config/nginx.conf').matchAll(/^ *server (\S+)/gm)].map(([, address]) => address)
  const wanted = instances.map(([name, { environment }]) => `${name}:${environment?.['TIDINGS_PORT']}`)
  t.strictSame(
    addresses.filter((address) => address !== '{'),
    wanted,
  )
})

t.test('a worker of nginx may open as many files as its connections need', async (t) => {
  const [, connections] = /worker_connections (\d+);/.exec(read('config/nginx.conf')) ?? []
  t.ok(Number(services['nginx']?.ulimits?.nofile) > Number(connections))
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
