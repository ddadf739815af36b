import type { Test } from 'tap'
import { until } from '../../support/until.ts'
import type { LogHarness } from './harness.ts'

/** What instances that share a log ask each other. */
export async function peersTests(t: Test, { open, skips }: LogHarness): Promise<void> {
  t.test('where there are no others nobody answers', async (t) => {
    const { log } = await open(t)
    log.peers.answer(() => 'itself')
    t.strictSame(await log.peers.ask('who is there?'), [])
  })

  t.test(
    'all others are asked and answer, at once, and none that is gone',
    { skip: skips?.join ?? false },
    async (t) => {
      const store = await open(t)
      const [one, two, three] = [store.log, await store.join(), await store.join()]
      const heard: unknown[] = []
      one.peers.answer(() => 'one')
      two.peers.answer((question) => {
        heard.push(question)
        return ['two', 'é'.repeat(100_000)]
      })
      three.peers.answer(() => ({ name: 'three' }))
      const question = { text: 'who is there?', padding: 'x'.repeat(100_000) }
      await until('two are there', async () => (await one.peers.ask(question)).length === 2)
      t.strictSame(heard.at(-1), question)
      t.strictSame(
        (await one.peers.ask(question)).map((answer) => JSON.stringify(answer).slice(0, 16)).sort(),
        ['["two","éééééééé', '{"name":"three"}'],
      )
      t.equal((await three.peers.ask(question)).length, 2)
      const began = performance.now()
      const many = await Promise.all(Array.from({ length: 20 }, () => two.peers.ask(question)))
      t.ok(many.every(({ length }) => length === 2))
      t.ok(performance.now() - began < 900, 'nobody is waited for')
      await three.close()
      await until('it is gone', async () => (await one.peers.ask(question)).length === 1)
    },
  )

  t.test(
    'who is asked something that it does not understand does not answer, and goes on to answer the rest',
    { skip: skips?.join ?? false },
    async (t) => {
      const store = await open(t)
      const [one, other] = [store.log, await store.join()]
      other.peers.answer((question) => {
        if (question === 'what?') throw new Error('not understood')
        return question
      })
      await until('the other is there', async () => (await one.peers.ask('hello')).length === 1)
      t.strictSame(await one.peers.ask('what?'), [])
      t.strictSame(await one.peers.ask('hello'), ['hello'])
    },
  )
}
