import { readdirSync, readFileSync } from 'node:fs'

/** CPU that a process and its children have used so far, user and system, in microseconds. */
export function cpuOf(pid: number): number {
  return family(pid)
    .flatMap((member) => readdirSync(`/proc/${member}/task`).map((task) => `/proc/${member}/task/${task}`))
    .reduce((sum, task) => sum + nanosecondsOf(task) / 1000, 0)
}

/** `schedstat` counts nanoseconds, where `stat` counts hundredths of a second. */
function nanosecondsOf(task: string): number {
  return Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0])
}

function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => family(Number(child))))]
}
