import t from 'tap'
import { startInstances } from '../support/instances.ts'
import { startNats } from '../support/nats.ts'
import { startNginx } from '../support/nginx.ts'
import { cutAndResume } from '../support/resumes.ts'

/** How often each pair of transports is cut and resumed. */
const RESUMES = process.env['TIDINGS_TEST_LONG'] ? 50 : 5

t.test('a client that is cut goes on, on any transport, where it was', async (t) => {
  const { url } = await startNats(t)
  const instances = await startInstances(t, 3, url)

  await t.test('at any other instance', (t) => cutAndResume(t, instances, RESUMES))

  await t.test('through nginx, which asks whichever instance it likes', async (t) => {
    const nginx = await startNginx(t, instances)
    await cutAndResume(t, [nginx], RESUMES)
  })
})
