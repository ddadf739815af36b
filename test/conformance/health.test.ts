import t from 'tap'
import { startApp } from '../support/app.ts'
import { get } from '../support/clients/requests.ts'

t.test('P-80 the process is alive, and ready as long as the log can be reached', async (t) => {
  const service = await startApp(t)
  t.equal((await get(service, '/livez')).status, 200)
  t.equal((await get(service, '/readyz')).status, 200)
  await service.log.close()
  t.equal((await get(service, '/livez')).status, 200)
  const { status, body } = await get(service, '/readyz')
  t.equal(status, 503)
  t.match(body, { code: 'log-unavailable' })
})
