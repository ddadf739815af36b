import { request } from 'undici'
import type { Target } from './clients/requests.ts'
import { freePort } from './nats.ts'
import { type Ending, type ServiceProcess, startService } from './service.ts'
import { until } from './until.ts'

/** An instance of the service in a process of its own, which the test can end and start again at the same address. */
export interface Instance extends Target {
  /** Resolves when it is ready. */
  start(): Promise<void>
  /** Starts it, and resolves when it listens: NATS may be out of reach. */
  launch(): Promise<void>
  /** As `kill -9`; resolves when it is dead. */
  kill(): Promise<Ending>
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<Ending>
  /** SIGTERM, and another; resolves when it has ended. */
  stopAtOnce(): Promise<Ending>
}

/** Prepares an instance on NATS; it is gone when the test ends. */
export async function prepareInstance(
  t: { teardown(fn: () => unknown): void },
  natsUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Instance> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  let service: ServiceProcess | undefined
  const end = async (signal: NodeJS.Signals): Promise<Ending> => {
    if (!service) throw new Error('it was never started')
    service.process.kill(signal)
    return service.ended
  }
  const instance: Instance = {
    url,
    async launch() {
      service = startService(t, {
        TIDINGS_LOG: 'nats',
        TIDINGS_NATS_URL: natsUrl,
        TIDINGS_PORT: `${port}`,
        // Short, so that what rests on heartbeats and drains takes seconds.
        TIDINGS_HEARTBEAT_SECONDS: '1',
        TIDINGS_DRAIN_SECONDS: '1',
        ...settings,
      })
      await service.url
    },
    async start() {
      await instance.launch()
      await untilReady(instance)
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    async stopAtOnce() {
      // Until it is taken for another signal than the first.
      const again = setInterval(() => service?.process.kill('SIGTERM'), 100)
      return end('SIGTERM').finally(() => clearInterval(again))
    },
  }
  return instance
}

/** Starts so many instances at once; resolves when all are ready. */
export async function startInstances(
  t: { teardown(fn: () => unknown): void },
  count: number,
  natsUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Instance[]> {
  const instances = await Promise.all(
    Array.from({ length: count }, () => prepareInstance(t, natsUrl, settings)),
  )
  await Promise.all(instances.map((instance) => instance.start()))
  return instances
}

/** Resolves when `/readyz` says so. */
export function untilReady({ url }: Target): Promise<void> {
  const isReady = async () => {
    const { statusCode, body } = await request(`${url}/readyz`, { reset: true })
    await body.dump()
    return statusCode === 200
  }
  return until(`${url} is ready`, isReady, 30)
}
