import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/**
 * A package of the peers, which are installed only for benchmarks: so the compiler must be told what is used of it.
 * @throws when it is not installed
 */
export function load<Shape>(name: string): Shape {
  return require(name) as Shape
}
