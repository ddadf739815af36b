/** How often values were how large: a number for each bucket, so that an observation costs a few comparisons and two additions. */
export class Histogram {
  /** upper bounds of the buckets, inclusive and rising; above the last there is one more, without */
  readonly bounds: readonly number[]
  /** how many observations fell into each bucket; one more than `bounds` */
  readonly counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array(bounds.length + 1).fill(0)
  }

  /** What all observations make together. */
  get sum(): number {
    return this.#sum
  }

  /** Counts a value that came up so many times. */
  observe(value: number, times = 1): void {
    let bucket = 0
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket++
    this.counts[bucket] = (this.counts[bucket] as number) + times
    this.#sum += value * times
  }
}
