import type { StatsDocument } from '../protocol/stats.ts'

/** Adds up what is counted; all else is as `own` has it. */
export function sumFigures(own: StatsDocument, others: readonly StatsDocument[]): StatsDocument {
  return { ...own, ...others.map(counted).reduce(add, counted(own)) }
}

function counted({ workers, connections, published, delivered, catchUps, gaps, rejected }: StatsDocument) {
  return { workers, connections, published, delivered, catchUps, gaps, rejected }
}

/** Adds the numbers of two objects that have the same members, however deep. */
function add<Numbers extends object>(some: Numbers, more: Numbers): Numbers {
  const theirs = new Map<string, unknown>(Object.entries(more))
  const sums = Object.entries(some).map(([name, value]) => {
    const other = theirs.get(name)
    return [name, typeof value === 'number' ? value + Number(other) : add(value, other as object)]
  })
  return Object.fromEntries(sums) as Numbers
}
