import { existsSync, readFileSync } from 'node:fs'
import { Document, visit } from 'yaml'
import { FILE_VARIABLE } from '../src/config/load.ts'
import { SETTINGS } from '../src/config/settings.ts'
import { FAMILIES } from '../src/http/metrics/families.ts'
import { CODES, type Code } from '../src/protocol/codes.ts'
import { asyncApiDocument } from './asyncapi/document.ts'

/** A part of a document that is made from the source: what stands between `<!-- begin: NAME -->` and `<!-- end: NAME -->`. */
interface GeneratedPart {
  /** path from the repository's root */
  readonly document: string
  readonly name: string
  readonly render: () => string
}

/** Every generated part; at most one in a document. */
export const GENERATED: readonly GeneratedPart[] = [
  { document: 'README.md', name: 'settings', render: settingsTable },
  { document: 'PROTOCOL.md', name: 'codes', render: codesTable },
  { document: 'OPERATIONS.md', name: 'metrics', render: metricsTable },
]

/** A document as it is, and as it should be. */
export interface DocumentDraft {
  readonly document: string
  readonly actual: string
  readonly wanted: string
}

/**
 * Reads the documents and puts their generated parts into them; writes nothing.
 * @throws Error when a document has lost its markers
 */
export function draftDocuments(): DocumentDraft[] {
  return [...GENERATED.map(draft), asyncApiDraft()]
}

function draft({ document, name, render }: GeneratedPart): DocumentDraft {
  const actual = readFileSync(new URL(`../${document}`, import.meta.url), 'utf8')
  const [begin, end] = [`<!-- begin: ${name} -->\n`, `<!-- end: ${name} -->`]
  const [from, to] = [actual.indexOf(begin), actual.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${document} needs the lines ${begin.trim()} and ${end}`)
  return {
    document,
    actual,
    wanted: `${actual.slice(0, from)}${begin}\n${render()}\n${actual.slice(to)}`,
  }
}

/** A document that is generated as a whole. */
function asyncApiDraft(): DocumentDraft {
  const file = new URL('../asyncapi.yaml', import.meta.url)
  return {
    document: 'asyncapi.yaml',
    actual: existsSync(file) ? readFileSync(file, 'utf8') : '',
    wanted: asyncApiText(),
  }
}

function asyncApiText(): string {
  const document = new Document(asyncApiDocument(), { aliasDuplicateObjects: false })
  document.commentBefore = ' Written by `npm run docs`.'
  visit(document, {
    Scalar(_key, node) {
      // Parsers of YAML 1.1 would take it for a time (§5.1 of its types), not for text.
      if (typeof node.value === 'string' && /^\d{4}-\d\d-\d\d/.test(node.value)) node.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0 })
}

function settingsTable(): string {
  const rows = SETTINGS.map(({ variable, byDefault, expected, meaning }) => [
    `\`${variable}\``,
    `\`${byDefault}\``,
    expected,
    meaning,
  ])
  const file = [`\`${FILE_VARIABLE}\``, '', 'a path', 'File with settings: one JSON object.']
  return table(['Setting', 'Default', 'May be', 'Meaning'], [...rows, file])
}

function codesTable(): string {
  const rows = Object.entries(CODES).map(([code, { status, close, title, action }]: [string, Code]) => [
    `\`${code}\``,
    String(status ?? ''),
    String(close ?? ''),
    title,
    action,
  ])
  return table(['Code', 'Status', 'Close', 'Meaning', 'What to do'], rows)
}

function metricsTable(): string {
  const rows = FAMILIES.map(({ name, type, help, labels = {} }) => [
    `\`${name}\``,
    type,
    Object.entries(labels)
      .map(([label, values]) => `\`${label}\`: ${values}`)
      .join('; '),
    help,
  ])
  return table(['Metric', 'Type', 'Labels', 'Meaning'], rows)
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  return [heads, heads.map(() => '---'), ...rows].map(line).join('')
}
