/** A short chaos, always of the same seed; the long one is `npm run chaos`. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { chaosText, runChaos } from './chaos.js';
import { killProcesses } from './processes.js';

after(killProcesses);

test('faults at random change no digit and lose no job', async (t) => {
  const report = await runChaos({
    seed: 5,
    seconds: 12,
    jobs: 3,
    redisAwaySeconds: 2,
    say: (line) => {
      t.diagnostic(line);
    },
  });
  t.diagnostic(chaosText(report));
  assert.deepEqual(report.lost, []);
  assert.equal(report.digitsChanged, 0);
  assert.ok(report.jobsChecked >= 3);
  assert.ok(Object.keys(report.faults).length >= 3);
});
