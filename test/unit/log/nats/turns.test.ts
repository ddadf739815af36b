import { deferred } from '@nats-io/transport-node'
import t from 'tap'
import { Turns } from '../../../../src/log/nats/turns.ts'

/** Work that ends when it is told. */
function job() {
  let began = false
  const end = deferred<string>()
  const work = () => {
    began = true
    return end
  }
  return { work, resolve: end.resolve, reject: end.reject, began: () => began }
}

const turn = () => new Promise(setImmediate)

t.test('so many are at it at once, and the others come in the order in which they asked', async (t) => {
  const turns = new Turns(2)
  const jobs = Array.from({ length: 5 }, job)
  const done = jobs.map(({ work }) => turns.take(work))
  const begun = () => jobs.map(({ began }) => began())
  await turn()
  t.strictSame(begun(), [true, true, false, false, false])
  jobs[1]?.resolve('b')
  t.equal(await done[1], 'b')
  await turn()
  t.strictSame(begun(), [true, true, true, false, false])
  const late = job()
  void turns.take(late.work)
  t.notOk(late.began(), 'a turn given on is not free')
  jobs[0]?.resolve('a')
  jobs[2]?.resolve('c')
  await turn()
  t.strictSame(begun(), [true, true, true, true, true])
})

t.test('work that fails gives its turn on, and is told of its failure', async (t) => {
  const turns = new Turns(1)
  const [bad, good] = [job(), job()]
  const failed = turns.take(bad.work)
  const done = turns.take(good.work)
  bad.reject(new Error('no'))
  await t.rejects(failed, { message: 'no' })
  good.resolve('yes')
  t.equal(await done, 'yes')
})

t.test('when nobody waits the turn is kept for the next, and never for two', async (t) => {
  const turns = new Turns(1)
  await turns.take(async () => {})
  const [first, second] = [job(), job()]
  void turns.take(first.work)
  void turns.take(second.work)
  await turn()
  t.ok(first.began())
  t.notOk(second.began())
})
