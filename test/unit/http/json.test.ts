import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { MAX_DEPTH } from '../../../src/format/members.ts'
import { parseJson } from '../../../src/http/json.ts'
import { Problem } from '../../../src/http/problem.ts'

function read(text: string | Buffer): unknown {
  return parseJson(Buffer.from(text as string))
}

function refusal(text: string | Buffer): Problem {
  try {
    read(text)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('was accepted')
}

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels)
}

t.test('reads every JSON value as JSON.parse does', async () => {
  // Names that poison prototypes are refused, and have their own test.
  const name = fc
    .string({ unit: 'grapheme' })
    .filter((text) => text !== '__proto__' && text !== 'constructor')
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('":', '\\":{', '{"a":1}', '\\', '[[[')),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(null, true, false),
      fc.array(tie('tree')),
      fc.dictionary(name, tie('tree'), { noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(tree, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      deepStrictEqual(read(text), JSON.parse(text))
    }),
  )
})

t.test('refuses an object in which any name is repeated, however it is written', async (t) => {
  const name = fc
    .string({ unit: 'grapheme' })
    .filter((text) => text !== '__proto__' && text !== 'constructor' && !/^\d+$/.test(text))
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1 }), fc.nat(), fc.boolean(), (names, pick, escaped) => {
      const repeated = names[pick % names.length] ?? ''
      const units = [...Array(repeated.length).keys()].map((i) => repeated.charCodeAt(i))
      const written = escaped
        ? `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`
        : JSON.stringify(repeated)
      const members = [...names.map((text) => `${JSON.stringify(text)}:"a\\":b"`), `${written} :2`]
      t.match(refusal(`[{"in":{${members.join(',')}}}]`), {
        code: 'bad-json',
        message: /repeats a member name/,
      })
    }),
  )
})

t.test('says what is wrong with a text that is not I-JSON', async (t) => {
  const cases: [why: string, text: string | Buffer, detail: RegExp][] = [
    ['empty', '', /parsed/],
    ['cut off', '{"a":', /parsed/],
    ['two values', '{} {}', /parsed/],
    ['a comment', '{} // no', /parsed/],
    ['single quotes', "{'a':1}", /parsed/],
    ['NaN', 'NaN', /parsed/],
    ['a raw NUL in a string', '"a\0b"', /parsed/],
    ['a raw line feed in a string', '"a\nb"', /parsed/],
    ['a byte order mark', '\ufeff{}', /parsed/],
    ['a stray continuation byte', Buffer.from([0x22, 0x80, 0x22]), /not UTF-8/],
    ['an overlong sequence', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), /not UTF-8/],
    ['a raw surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), /not UTF-8/],
    ['UTF-16', Buffer.from('{}', 'utf16le'), /parsed/],
    ['an escaped lone surrogate', '["\\ud800"]', /lone surrogate in a string/],
    ['surrogates the wrong way round', '"\\udc00\\ud800"', /lone surrogate in a string/],
    ['a lone surrogate in a name', '{"\\udfff":1}', /lone surrogate in a member name/],
    ['a number too large', '1e400', /number/],
    ['a negative number too large', '{"a":[-1e309]}', /number/],
    ['__proto__', '{"__proto__":{"admin":true}}', /poison/],
    ['an escaped __proto__', '{"\\u005f_proto__":1}', /poison/],
    ['constructor.prototype', '[{"constructor":{"prototype":{}}}]', /poison/],
    [`${MAX_DEPTH + 1} levels`, nested(MAX_DEPTH + 1), /levels/],
    ['a million levels, none closed', '[{"a":'.repeat(500_000), /levels/],
  ]
  for (const [why, text, detail] of cases) {
    t.match(refusal(text), { code: 'bad-json', status: 400, message: detail }, why)
  }
})

t.test('lets pass what only looks wrong', async (t) => {
  const texts = [
    nested(MAX_DEPTH),
    `"${'['.repeat(1000)}"`,
    '{"constructor":"Boris"}',
    '{"constructor":{"a":1}}',
    '["__proto__"]',
    '{"a":{"a":{"a":"\\"a\\":1"}}}',
    '{"a\\\\":1,"a\\"":2,"a":3}',
    '"\\ud83d\\ude00"',
    '123456789012345678901234567890',
    '"\\u0000"',
  ]
  for (const text of texts) t.doesNotThrow(() => deepStrictEqual(read(text), JSON.parse(text)), text)
})
