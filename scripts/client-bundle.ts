import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { minify } from 'terser'

/** The most bytes that the SDK may have in one file, minified and after gzip. */
export const MOST_BYTES = 7 * 1024

/** Names of members that only the SDK's own code and its parser's see: no message, event, option or browser's object has them. */
const INTERNAL = `
  kind attempts opened via time chance lateAt aloneUntil aloneFor untried hedgeAt awaiting leaveAt silentAt readyAt heardAt lastIdle quiet serial rounds renewAt renewed
  renewable doubts reachable cause standing channelsChanged tokens isIdle refused changed fork
  isRepeating enter leave take move put base disown fit own isWaiting isConfirmed dispatch position
  platform emit full wants onEvent onError onRetry onComment consume feed reset
`

/** What the parser calls where it was given nothing to call, and what it makes for that. */
const WITHOUT_EFFECT = ['onError', 'onRetry', 'onComment', 'ParseError']

/** The SDK as one minified ES module: esbuild bundles it, terser makes it as small as it gets. */
export async function bundleClient(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../src/client/index.ts', import.meta.url))],
    bundle: true,
    minifySyntax: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  })
  const { code = '' } = await minify(outputFiles[0]?.text ?? '', {
    module: true,
    ecma: 2020,
    // Unsafe only for code that replaces the language's own objects, looks at a function's `prototype`, has getters that do something,
    // or compares with NaN.
    compress: {
      passes: 5,
      inline: 0,
      pure_funcs: WITHOUT_EFFECT,
      pure_getters: true,
      unsafe: true,
      unsafe_arrows: true,
      unsafe_comps: true,
      unsafe_methods: true,
    },
    // `builtins`: also those of them that some object of a browser happens to have, too.
    mangle: {
      properties: { builtins: true, regex: new RegExp(`^(${INTERNAL.trim().split(/\s+/).join('|')})$`) },
    },
  })
  return code
}

/** How many bytes of `code` go over the wire. */
export function sizeOf(code: string): number {
  return gzipSync(code, { level: 9 }).length
}
