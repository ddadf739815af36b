/** `npm run build`: makes `dist/console`, the page at `/`. It takes the SDK from `client.js`, as every other page would. */
import { cpSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { zipFiles } from './zip-files.ts'

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url))

const sdk: Plugin = {
  name: 'sdk',
  setup({ onResolve }) {
    onResolve({ filter: /\/client\/index\.ts$/ }, () => ({ path: './client.js', external: true }))
  },
}

mkdirSync(path('dist/console'), { recursive: true })
for (const file of ['index.html', 'icon.svg'])
  cpSync(path(`src/console/${file}`), path(`dist/console/${file}`))
await build({
  entryPoints: ['console.ts', 'console.css'].map((file) => path(`src/console/${file}`)),
  outdir: path('dist/console'),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  plugins: [sdk],
})
zipFiles(path('dist/console'))
