import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Target } from './clients/requests.ts'
import { isListening } from './listening.ts'
import { freePort } from './nats.ts'
import { until } from './until.ts'

const CONFIG = new URL('../../config/nginx.conf', import.meta.url)

/** Starts nginx with `config/nginx.conf` in front of so many instances as that names; it ends when the test does. */
export async function startNginx(
  t: { teardown(fn: () => unknown): void },
  instances: readonly Target[],
): Promise<Target> {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-nginx-'))
  // Started by root, its workers are somebody else.
  await chmod(directory, 0o755)
  const port = await freePort()
  const file = join(directory, 'nginx.conf')
  const config = instances.reduce(
    (text, { url }, n) => replaceOnce(text, `tidings-${n + 1}:8080`, new URL(url).host),
    replaceOnce(await readFile(CONFIG, 'utf8'), 'listen 8080', `listen 127.0.0.1:${port}`),
  )
  await writeFile(file, config.replaceAll(' /tmp/', ` ${directory}/`))

  const nginx = spawn('nginx', ['-p', directory, '-c', file, '-e', 'stderr', '-g', 'daemon off;'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = once(nginx, 'exit')
  t.teardown(async () => {
    nginx.kill('SIGTERM')
    await ended
    await rm(directory, { recursive: true })
  })
  await until('nginx listens', () => isListening(port))
  return { url: `http://127.0.0.1:${port}` }
}

function replaceOnce(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`config/nginx.conf must have ${from} once`)
  return text.replace(from, to)
}
