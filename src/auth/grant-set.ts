/** Grants that begin with the same segments. */
interface Node {
  /** by the segment that follows, `*` among them */
  next: Map<string, Node> | undefined
  /** a grant ends here */
  isEnd: boolean
  /** a grant goes on with `**` from here */
  isOpen: boolean
}

/**
 * Grants of one kind, taken apart once: a credential may have a thousand, and be asked about thousands of channels. They are kept as a tree
 * of segments, so that what a question costs depends on the segments of what is asked for, and hardly on how many grants there are.
 * Immutable.
 */
export class GrantSet {
  readonly #root = emptyNode()

  /** @param grants valid channel names and patterns */
  constructor(grants: Iterable<string>) {
    for (const grant of grants) this.#add(grant)
  }

  /**
   * Says whether one of the grants covers all that `wanted`, a valid channel name or pattern, stands for.
   *
   * A pattern is covered as a channel would be, segment by segment; but where it goes on without end, only by a grant that does, too.
   */
  permits(wanted: string): boolean {
    // What everyone has in mode `none`, where asking should cost nothing.
    return this.#root.isOpen || covers(this.#root, wanted.split(':'), 0)
  }

  #add(grant: string): void {
    let node = this.#root
    for (const segment of grant.split(':')) {
      if (segment === '**') {
        node.isOpen = true
        return
      }
      node.next ??= new Map()
      const next = node.next.get(segment) ?? emptyNode()
      node.next.set(segment, next)
      node = next
    }
    node.isEnd = true
  }
}

function emptyNode(): Node {
  return { next: undefined, isEnd: false, isOpen: false }
}

/** Says whether a grant that goes on from `node` covers `segments` from the one at `at`. Of 8 at most: 255 nodes are looked at at worst. */
function covers(node: Node, segments: readonly string[], at: number): boolean {
  const segment = segments[at]
  if (segment === undefined) return node.isEnd
  if (node.isOpen) return true
  const { next } = node
  if (!next || segment === '**') return false
  const [exact, any] = [next.get(segment), next.get('*')]
  return (
    (exact !== undefined && covers(exact, segments, at + 1)) ||
    (any !== undefined && any !== exact && covers(any, segments, at + 1))
  )
}
