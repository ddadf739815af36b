import t from 'tap'
import { appendTests } from './log/append.ts'
import type { LogHarness } from './log/harness.ts'
import { identityTests } from './log/identity.ts'
import { lifeTests } from './log/life.ts'
import { modelTest } from './log/model.ts'
import { newestTests } from './log/newest.ts'
import { peersTests } from './log/peers.ts'
import { readTests } from './log/read.ts'
import { reservedTests } from './log/reserved.ts'
import { retentionTests } from './log/retention.ts'
import { scheduleTests } from './log/schedule.ts'
import { tailTests } from './log/tail.ts'

/** The one contract suite: every driver of the log passes it. */
export function logContract(name: string, harness: LogHarness): void {
  t.test(`${name}: append`, (t) => appendTests(t, harness))
  t.test(`${name}: identity`, (t) => identityTests(t, harness))
  t.test(`${name}: retention and ttl`, (t) => retentionTests(t, harness))
  t.test(`${name}: read`, (t) => readTests(t, harness))
  t.test(`${name}: newest`, (t) => newestTests(t, harness))
  t.test(`${name}: reserved channels`, (t) => reservedTests(t, harness))
  t.test(`${name}: tail`, (t) => tailTests(t, harness))
  t.test(`${name}: schedule`, (t) => scheduleTests(t, harness))
  t.test(`${name}: peers`, (t) => peersTests(t, harness))
  t.test(`${name}: life`, (t) => lifeTests(t, harness))
  t.test(`${name}: does what a trivial model does`, (t) => modelTest(t, harness))
}
