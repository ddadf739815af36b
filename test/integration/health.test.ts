import t from 'tap'
import { servePublish } from '../support/http.ts'

t.test('/livez says that the process works, whatever else does not', async (t) => {
  const { app, log } = await servePublish(t, { draining: () => true })
  await log.close()
  const answer = await app.inject('/livez')
  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), { status: 'ok' })
  t.equal(answer.headers['cache-control'], 'no-store')
})

t.test('/readyz says whether this instance is to be sent clients, and why not', async (t) => {
  let draining = false
  const { app, log } = await servePublish(t, { draining: () => draining })
  const ready = await app.inject('/readyz')
  t.equal(ready.statusCode, 200)
  t.strictSame(ready.json(), { status: 'ok' })
  t.equal(ready.headers['cache-control'], 'no-store')

  draining = true
  const leaving = await app.inject('/readyz')
  t.equal(leaving.statusCode, 503)
  t.match(leaving.json(), { code: 'draining' })
  t.equal(leaving.headers['cache-control'], 'no-store')

  draining = false
  await log.close()
  const alone = await app.inject('/readyz')
  t.equal(alone.statusCode, 503)
  t.match(alone.json(), { code: 'log-unavailable' })
})
