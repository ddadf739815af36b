import { type SpawnSyncReturns, spawnSync } from 'node:child_process'

/** Runs a program to its end, for a minute at most, without what tap has every Node.js process load: TypeScript's compiler can't. */
export function runPlainly(cwd: string, ...command: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync('env', ['-u', 'NODE_OPTIONS', ...command], { cwd, encoding: 'utf8', timeout: 60_000 })
}
