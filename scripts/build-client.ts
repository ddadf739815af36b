/**
 * `npm run build:client`: makes `dist/client.js`, the SDK as one ES module, minified. Fails when it is larger than promised.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { minify } from 'terser'

/** The most bytes that the file may have after gzip. */
const MOST_BYTES = 7 * 1024

/** Names of members that only the SDK's own code sees: no message, event, option or browser's object has them. */
const INTERNAL = [
  ...[
    'untried',
    'hedgeAt',
    'awaiting',
    'leaveAt',
    'silentAt',
    'readyAt',
    'heardAt',
    'lastIdle',
    'serial',
    'rounds',
  ],
  ...[
    'renewAt',
    'renewed',
    'renewable',
    'doubts',
    'reachable',
    'cause',

    'standing',
    'channelsChanged',
  ],
  ...['isIdle', 'tokens', 'refused', 'changed', 'fork', 'isRepeating', 'enter'],
]

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url))

const { outputFiles } = await build({
  entryPoints: [path('src/client/index.ts')],
  bundle: true,
  minifySyntax: true,
  format: 'esm',
  target: 'es2022',
  write: false,
})
const { code = '' } = await minify(outputFiles[0]?.text ?? '', {
  module: true,
  ecma: 2020,
  compress: { passes: 3, unsafe_arrows: true },
  mangle: { properties: { regex: new RegExp(`^(${INTERNAL.join('|')})$`) } },
})
mkdirSync(path('dist'), { recursive: true })
writeFileSync(path('dist/client.js'), code)

const size = gzipSync(code, { level: 9 }).length
console.log(`dist/client.js: ${code.length} bytes, ${size} gzipped (at most ${MOST_BYTES})`)
if (size > MOST_BYTES) process.exitCode = 1
