import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'

/** The cores that this process may run on (proc(5), `Cpus_allowed_list`: `0-3,8`). */
const cores = (/^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '')
  .split(',')
  .flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })

const canPin = spawnSync('taskset', ['--version']).status === 0 && cores.length > 1

/** Descriptors that one process may open, and so, nearly, the connections that one process can hold. */
export const DESCRIPTORS = Number(spawnSync('sh', ['-c', 'ulimit -H -n']).stdout.toString()) || Infinity

/** Descriptors that a process needs beside its connections. */
const OWN_DESCRIPTORS = 200

/** The most connections, up to `wanted`, that one process can hold here. */
export function holdable(wanted: number): number {
  return Math.min(wanted, DESCRIPTORS - OWN_DESCRIPTORS)
}

/** Cores of the machine that are left when `servers` of them serve. */
export function coresBeside(servers: number): number {
  return cores.length - servers
}

/**
 * The start of a command line that keeps a server with `processes` processes on the first cores, all where there are no more; empty
 * where it can't be.
 */
export function onServerCores(processes = 1): string[] {
  if (!canPin) return []
  return ['taskset', '-c', cores.slice(0, processes).join()]
}

/** Keeps this process, and those that it starts, off the first core, where servers run. */
export function moveToClientCores(): void {
  if (canPin) spawnSync('taskset', ['-a', '-c', '-p', cores.slice(1).join(), `${process.pid}`])
}

/** The machine in a line, and how busy it is with other things before anything is measured, for the head of each page. */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30)
  return [
    `${cores.length} × ${cpus()[0]?.model ?? 'unknown CPU'}`,
    `${memory} GiB`,
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    canPin ? 'servers and clients on cores of their own' : 'all processes on the same cores',
    `load average before ${loadavg()[0]?.toFixed(1)}`,
  ].join(', ')
}
