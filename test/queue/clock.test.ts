/** A wall clock that is set, as seen from a process whose own clock goes on. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { openClock } from '../../src/queue/clock.js';
import { NO_LIMITS } from '../../src/queue/job-queue.js';
import { namesOf } from '../../src/queue/names.js';
import { openRecords } from '../../src/queue/records.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { smallPlan } from './plans.js';

const HOUR_MS = 3_600_000;
let server: PrivateRedis;
let redis: Redis;

before(async () => {
  server = await privateRedis();
  redis = new Redis(server.url);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

/** A monotonic clock to be set: setting it back is what setting the wall clock ahead looks like. */
function settable(): { now: () => number; move: (milliseconds: number) => void } {
  let moved = 0;
  return { now: () => performance.now() + moved, move: (by) => (moved += by) };
}

const near = (step: number, wanted: number): boolean => Math.abs(step - wanted) < 1_000;

test('a step of either direction is corrected once, by whoever sees it first', async () => {
  const names = namesOf('{steps}');
  const [one, two] = [settable(), settable()];
  const clocks = [openClock(redis, names, one.now), openClock(redis, names, two.now)];
  for (const clock of clocks) assert.equal(await clock.watch(), 0);
  for (const wall of [HOUR_MS, -24 * HOUR_MS, 5_000]) {
    for (const own of [one, two]) own.move(-wall);
    const steps = await Promise.all(clocks.map((clock) => clock.watch()));
    const again = await Promise.all(clocks.map((clock) => clock.watch()));
    assert.ok(
      steps.some((step) => near(step, wall)),
      String(steps),
    );
    assert.deepEqual(again, [0, 0], 'nothing left to correct');
  }
  const offset = Number(await redis.get(names.clock));
  assert.ok(near(offset, HOUR_MS - 24 * HOUR_MS + 5_000), String(offset));
});

test('without a step nothing is written, and a process that comes later trusts the clock', async () => {
  const names = namesOf('{quiet}');
  const clock = openClock(redis, names);
  for (let look = 0; look < 5; look++) assert.equal(await clock.watch(), 0);
  assert.equal(await redis.exists(names.clock), 0);
  assert.equal(openClock(redis, names).expected(), null);
  assert.ok(near(clock.expected()!, Date.now()));
});

test('a deadline does not pass because the clock was set, a job is looked after all the same', async () => {
  const names = namesOf('{jobs}');
  const records = openRecords(redis, names);
  const asked = { plan: smallPlan(), planHash: 'h', planText: 'p', tenant: '' };
  const limits = { ...NO_LIMITS, deadlineSeconds: 1800 };
  await records.create({ ...asked, baseId: 'an_a', limits });
  const far = Date.now() + HOUR_MS;
  // The clock was set an hour ahead.
  await redis.set(names.clock, String(-HOUR_MS));
  assert.equal(await records.overdue(far), 'an_a', 'whoever comes new cannot know');
  assert.equal(await records.overdue(Date.now()), null, 'who watched does');
  await redis.set(names.clock, '0');
  assert.equal(await records.overdue(Date.now()), null);
  // Set back by a day, unseen: what was due then is not left alone for a day.
  assert.equal(await records.claim(), null);
  await redis.set(names.clock, String(24 * HOUR_MS));
  assert.equal(await records.claim(), 'an_a');
  assert.equal(await records.claim(), null);
});
