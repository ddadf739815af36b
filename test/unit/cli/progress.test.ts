import t from 'tap'
import { progressLine } from '../../../src/cli/progress.ts'

t.test('A file has a bar, and what has no end has counts', async (t) => {
  const part = { read: 2 ** 20, notifications: 1234 }
  t.equal(
    progressLine({ ...part, size: 2 ** 22 }),
    '[#######.......................] 25 %, 1,234 notifications, 1.0 MiB',
  )
  t.equal(progressLine({ ...part, size: undefined }), '1,234 notifications, 1.0 MiB')
})

t.test('A file that grows while it is read is at its end, and an empty one too', async (t) => {
  t.match(progressLine({ read: 30, size: 20, notifications: 1 }), /^\[#{30}\] 100 %/)
  t.match(progressLine({ read: 0, size: 0, notifications: 0 }), /^\[#{30}\] 100 %/)
})
