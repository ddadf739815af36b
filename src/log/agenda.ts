import sortedBTree from 'sorted-btree'

type Key = readonly [time: number, serial: number]

/** What is to be done at which time, in memory: the earliest first, and of what is at the same time the lowest serial. */
export class Agenda<Item> {
  // A CommonJS module: its class is the default of its default.
  readonly #items = new sortedBTree.default<Key, Item>(undefined, byTime)

  /** @param serial no two items at the same time have the same */
  add(time: number, serial: number, item: Item): void {
    this.#items.set([time, serial], item)
  }

  remove(time: number, serial: number): void {
    this.#items.delete([time, serial])
  }

  /** The items with a time up to `now`, as they are when this is called, at most `limit`. */
  until(now: number, limit: number): Item[] {
    const items: Item[] = []
    for (const [[time], item] of this.#items.entries()) {
      if (time > now || items.length === limit) break
      items.push(item)
    }
    return items
  }

  /** The earliest time there is. */
  next(): number | undefined {
    return this.#items.minKey()?.[0]
  }
}

function byTime([time, serial]: Key, [otherTime, otherSerial]: Key): number {
  return time - otherTime || serial - otherSerial
}
