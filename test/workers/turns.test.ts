/** Whose turn it is: jobs of all sizes and tenants go on side by side. */
import assert from 'node:assert/strict';
import { planBlobOf, planOfTenant } from '../../src/queue/names.js';
import type { Plan } from '../../src/plan/plan.js';
import { smallPlan } from '../queue/plans.js';
import { begunInOrder, closeGate, openGate } from './fixtures/gate.js';
import { begunOf, rigs, whenBegun } from './rigged.js';

const rigged = rigs();
const hashOf = (plan: Plan): string => planBlobOf(plan).hash;

/** How many shards of anybody began until the last of the plan did, from `from` on. */
function placeOfLast(plan: Plan, from = 0): number {
  return begunInOrder().slice(from).lastIndexOf(hashOf(plan)) + 1;
}

rigged('a job of a thousand shards does not starve a small one, early or late', async (rig) => {
  const big = smallPlan({ shards: 1000, input: '1' });
  const early = smallPlan({ shards: 3, input: '2' });
  const late = smallPlan({ shards: 3, input: '3' });
  const first = await rig.queue.submit(big);
  await rig.work('gated', { threads: 1 });
  await whenBegun(big, 1);
  const second = await rig.queue.submit(early);
  openGate();
  assert.equal((await rig.final(second.job.id)).state, 'succeeded');
  // Turns: one of the big job's shards for each of its own.
  assert.ok(placeOfLast(early) <= 8, String(placeOfLast(early)));
  // Long before its end, and after enough shards to tell that they are short.
  await whenBegun(big, 50);
  closeGate();
  const before = begunInOrder().length;
  const third = await rig.queue.submit(late);
  openGate();
  assert.equal((await rig.final(third.job.id)).state, 'succeeded');
  const place = placeOfLast(late, before);
  // A worker holds short shards that take no longer together than a blink; they go first.
  assert.ok(place >= 4 && place <= 250, `its last shard was number ${String(place)}`);
  await rig.queue.cancel(first.job.id);
});

rigged('a stream of small jobs does not starve a large one', async (rig) => {
  const big = smallPlan({ shards: 40, input: '4' });
  const small = Array.from({ length: 60 }, (_, at) =>
    smallPlan({ shards: 1, input: String(100 + at) }),
  );
  const { job } = await rig.queue.submit(big);
  await rig.work('gated', { threads: 1 });
  await whenBegun(big, 1);
  const start = begunInOrder().length;
  openGate();
  // Each comes when the one before is done: with fixed priorities it would always be first.
  for (const plan of small) {
    const { job: each } = await rig.queue.submit(plan);
    await rig.final(each.id);
    if (begunOf(big).length === 40) break;
  }
  assert.equal((await rig.final(job.id)).state, 'succeeded');
  const others = begunInOrder()
    .slice(start)
    .filter((hash) => hash !== hashOf(big)).length;
  assert.ok(others < small.length, `the large one waited for ${String(others)} small ones`);
});

rigged('a tenant with many jobs has no more turns than one with a single job', async (rig) => {
  const many = Array.from({ length: 8 }, (_, at) =>
    planOfTenant(smallPlan({ shards: 6, input: String(200 + at) }), 'many'),
  );
  const single = planOfTenant(smallPlan({ shards: 6, input: '300' }), 'single');
  await rig.work('gated', { threads: 1 });
  for (const plan of many) await rig.queue.submit(plan, { tenant: 'many' });
  await whenBegun(many[0]!, 1);
  const start = begunInOrder().length;
  const { job } = await rig.queue.submit(single, { tenant: 'single' });
  openGate();
  assert.equal((await rig.final(job.id)).state, 'succeeded');
  // Of 54 shards; without turns of tenants its last would be about the last of all.
  const place = placeOfLast(single, start);
  assert.ok(place <= 27, `its last shard was number ${String(place)}`);
});

rigged('jobs of one size end in the order in which they came, merges included', async (rig) => {
  openGate();
  const plans = Array.from({ length: 40 }, (_, at) =>
    smallPlan({ shards: 1, input: String(400 + at) }),
  );
  const ids: string[] = [];
  for (const plan of plans) ids.push((await rig.queue.submit(plan)).job.id);
  await rig.work('gated', { threads: 1 });
  const ends: { place: number; at: string }[] = [];
  for (const [place, id] of ids.entries()) {
    ends.push({ place, at: (await rig.final(id)).finishedAt! });
  }
  const order = ends.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.place - b.place));
  // Neighbours may change places where the worker begins to hold more: two replies of the queue that
  // come in one moment.
  const furthest = Math.max(...order.map(({ place }, at) => Math.abs(place - at)));
  assert.ok(furthest <= 2, `one ended ${String(furthest)} places from its own`);
});
