/**
 * Merges sorted sources of positions, no two of which share one, into one sorted sequence.
 *
 * @param order 1 where the sources ascend, -1 where they descend
 */
export function* merge(sources: readonly Iterable<number>[], order: 1 | -1): Generator<number> {
  const iterators = sources.map((source) => source[Symbol.iterator]())
  try {
    const heads = iterators.map((iterator) => iterator.next())
    for (;;) {
      let next: number | undefined
      let best = Number.POSITIVE_INFINITY
      for (const [i, head] of heads.entries()) {
        if (head.done || head.value * order >= best) continue
        best = head.value * order
        next = i
      }
      if (next === undefined) return
      yield best * order
      const iterator = iterators[next]
      if (iterator) heads[next] = iterator.next()
    }
  } finally {
    // A source holds a cursor of the store until it is told that nobody goes on.
    for (const iterator of iterators) iterator.return?.()
  }
}
