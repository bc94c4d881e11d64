import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseIdOf, mergeJobId, namesOf, planBlobOf, shardJobId } from '../../src/queue/names.js';
import { smallPlan } from './plans.js';

test('equal questions have equal ids, whatever the cut and the order of members', () => {
  const plan = smallPlan();
  const { mode, network, format, proxies } = plan.question;
  const turned = { ...plan, question: { proxies, format, network, mode } };
  assert.match(baseIdOf(plan), /^an_[0-9a-f]{32}$/);
  assert.equal(baseIdOf(turned), baseIdOf(plan));
  assert.equal(planBlobOf(turned).hash, planBlobOf(plan).hash);
  assert.equal(baseIdOf(smallPlan({ shards: 9 })), baseIdOf(plan));
  assert.notEqual(planBlobOf(smallPlan({ shards: 9 })).hash, planBlobOf(plan).hash);
});

test('another question or another engine has another id', () => {
  const plan = smallPlan();
  assert.notEqual(baseIdOf(smallPlan({ input: '2' })), baseIdOf(plan));
  assert.notEqual(baseIdOf({ ...plan, engine: 'other' }), baseIdOf(plan));
});

test('queue job ids are what BullMQ accepts, and no run shares one with another', () => {
  const id = `${baseIdOf(smallPlan())}-2`;
  const ids = [mergeJobId(id, '7'), shardJobId('7', 0), shardJobId('7', 1)];
  ids.push(mergeJobId(id, '8'), shardJobId('8', 0));
  assert.equal(new Set(ids).size, ids.length);
  for (const each of ids) assert.doesNotMatch(each, /:|^[0-9]+$/);
});

test('every key carries the prefix, so that a cluster keeps all in one slot', () => {
  const names = namesOf('{here}');
  const keys = [
    ...[names.record('a'), names.events('a'), names.progress('a'), names.request('a')],
    ...[names.plan('h'), names.tallies('h'), names.holders('h'), names.result('h')],
    ...[names.gone('a'), names.hooks('a'), names.deliveries('a'), names.worker('w')],
    ...[names.index('an_'), names.index('an_0123456789abcdef_')],
    ...[names.deadlines, names.tenants, names.clock, names.hooked, names.taken, names.totals],
    ...[names.sequence, names.live, names.workers, names.changes, names.stops],
  ];
  for (const key of keys) assert.ok(key.startsWith('{here}:'), key);
  assert.equal(new Set(keys).size, keys.length);
});
