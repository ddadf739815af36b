import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The programs that tests start, and the Debian package of each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  chromium: 'chromium',
  curl: 'curl',
  haproxy: 'haproxy',
  'nats-server': 'nats-server',
  nginx: 'nginx',
  openssl: 'openssl',
  promtool: 'prometheus',
  protoc: 'protobuf-compiler',
  python3: 'python3',
  script: 'bsdutils',
  squid: 'squid',
  'systemd-analyze': 'systemd',
}

/** Where Debian's packages put what its own Python imports: whichever `python3` is first in PATH, tests start this one. */
const PYTHON_MODULES = '/usr/lib/python3/dist-packages'

/** What tests written in Python import, and the Debian package of each. */
const MODULES: Readonly<Record<string, string>> = {
  'google/protobuf': 'python3-protobuf',
  msgpack: 'python3-msgpack',
  websocket: 'python3-websocket',
}

/**
 * Sees to it that the programs which the tests start are there: installs missing ones where that needs no question (root, with
 * apt-get).
 * @returns the packages that are still missing
 */
export function providePrograms(): string[] {
  const missing = missingPackages()
  if (missing.length === 0 || process.getuid?.() !== 0 || !isInstalled('apt-get')) return missing
  console.log(`installing what the tests need: ${missing.join(', ')}`)
  // In runlevel 1 packages start no service (Debian's invoke-rc.d, where init is not systemd).
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  spawnSync('apt-get', ['update', '-q'], { stdio: 'inherit', env })
  spawnSync('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...missing], {
    stdio: 'inherit',
    env,
  })
  return missingPackages()
}

function missingPackages(): string[] {
  const programs = Object.entries(PROGRAMS).filter(([program]) => !isInstalled(program))
  const modules = Object.entries(MODULES).filter(([path]) => !existsSync(join(PYTHON_MODULES, path)))
  return [...programs, ...modules].map(([, name]) => name)
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
