/** `npm run build`: makes `dist/docs`, the page at `/docs`, with Swagger UI in it: of that, an installation needs nothing else. */
import { cpSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { zipFiles } from './zip-files.ts'

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url))

mkdirSync(path('dist/docs'), { recursive: true })
for (const file of ['index.html', 'docs.css', 'LICENSE'])
  cpSync(path(`src/docs/${file}`), path(`dist/docs/${file}`))
// From there rather than from `swagger-ui-dist`, whose installation tells a service on the net about itself.
for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js'])
  cpSync(path(`node_modules/@fastify/swagger-ui/static/${file}`), path(`dist/docs/${file}`))
await build({
  entryPoints: [path('src/docs/docs.ts')],
  outdir: path('dist/docs'),
  minify: true,
  target: 'es2022',
})
zipFiles(path('dist/docs'))
