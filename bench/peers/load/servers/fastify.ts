/** A Fastify route where this service has its publishes: it parses the body, and answers. */
import { fastify } from 'fastify'

const app = fastify({ bodyLimit: 8 << 20 })
app.post('/v1/notifications', async (_, reply) => reply.code(201).send({ notifications: [] }))
const address = await app.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`listening on ${new URL(address).port}\n`)
