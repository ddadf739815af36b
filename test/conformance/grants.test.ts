import t from 'tap'
import { startApp } from '../support/app.ts'
import { get, publish } from '../support/clients/requests.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'

const SETTINGS = { auth: 'jwt', jwtSecret: JWT_SECRET } as const

/** The header that shows a token with these grants. */
async function bearer(grants: object): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await mintToken({ tidings: grants })}` }
}

t.test('P-102 a publish needs a grant for each of its channels, or nothing of it is stored', async (t) => {
  const service = await startApp(t, { settings: SETTINGS })
  const headers = await bearer({ publish: ['news:*', 'user:42'] })
  t.equal((await publish(service, { channels: ['news:1', 'user:42'], data: 1 }, headers)).status, 201)
  const { last } = await service.log.bounds()
  const cases: [body: object, pointers: string[]][] = [
    [{ channel: 'news', data: 1 }, ['/channel']],
    [{ channels: ['news:1', 'user:43', 'news:1:2'], data: 1 }, ['/channels/1', '/channels/2']],
    [
      [
        { channel: 'news:1', data: 1 },
        { channel: 'a', data: 1 },
        { channels: ['a'], data: 1 },
      ],
      ['/1/channel', '/2/channels/0'],
    ],
    [Array(30).fill({ channel: 'a', data: 1 }), Array.from({ length: 20 }, (_, i) => `/${i}/channel`)],
  ]
  for (const [body, pointers] of cases) {
    const answer = await publish(service, body, headers)
    const problem = answer.body as unknown as { code: string; errors: { pointer: string }[] }
    t.strictSame([answer.status, problem.code], [403, 'forbidden'])
    t.strictSame(
      problem.errors.map(({ pointer }) => pointer),
      pointers,
    )
  }
  const both = await publish(service, [{ channel: 'a', data: 1 }, { channel: '' }], headers)
  t.equal(both.status, 400, 'what is not valid is told first')
  t.equal((await service.log.bounds()).last, last)
})

t.test('P-102 a stream needs a grant for all that each of its channels stands for', async (t) => {
  const service = await startApp(t, { settings: SETTINGS })
  const headers = await bearer({ subscribe: ['news:*', 'user:42:**', 'org'] })
  const allowed = ['news:1', 'news:*', 'user:42:a:b', 'user:42:**', 'user:42:*:x', 'org']
  const denied = ['news', 'news:1:2', 'user:42', 'news:**', 'user:*', 'user:**', '**', '*']
  const path = (channels: string[]) =>
    `/v1/stream?wait=0&${channels.map((name) => `channel=${name}`).join('&')}`
  t.equal((await get(service, path(allowed), headers)).status, 200)
  const { status, body } = await get(service, path([...allowed, ...denied]), headers)
  t.equal(status, 403)
  const { code, errors } = body as { code: string; errors: { pointer: string; detail: string }[] }
  t.equal(code, 'forbidden')
  t.strictSame(
    errors,
    denied.map((name) => ({ pointer: '/channel', detail: `No grant covers ${name}.` })),
  )
  t.equal((await get(service, '/v1/stats', headers)).status, 403)
  t.equal((await get(service, '/v1/stats', await bearer({ admin: true }))).status, 200)
})
