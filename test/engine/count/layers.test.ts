/**
 * Counting networks of every layer type: kernel and generated code count what the reference
 * enumerator counts, and decline a loss; layered counting takes chains alone, and none that shares a
 * parameter.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { candidatesOf, enumerationOf } from '../../../src/engine/index.js';
import { resultLocally } from '../../../src/plan/local.js';
import { planOf } from '../../../src/plan/make.js';
import { runs } from '../../arbitraries.js';
import { anyLayeredCase } from '../../arbitraries-layers.js';

const CHAIN = new Set(['dense', 'conv1d', 'conv2d', 'flatten']);

test('what is fast counts networks of any layers as the reference does, and declines a loss', () => {
  const seen = { compiled: 0, shared: 0, others: 0, declined: 0 };
  fc.assert(
    fc.property(anyLayeredCase({ maxPoints: 243n }), ({ question, network, proxies }) => {
      const { layers, loss } = question.network;
      const chain =
        loss === undefined &&
        layers.every(({ type, from }) => CHAIN.has(type) && from === undefined);
      const fast = enumerationOf(network, proxies);
      if (!chain) {
        assert.ok(
          candidatesOf(network, proxies, 1e6).every(
            (c) => c.method === 'enumeration' || c.estimate === null,
          ),
        );
      }
      if (loss !== undefined) {
        assert.ok(!fast.compiled);
        seen.declined += 1;
        return;
      }
      const slow = enumerationOf(network, proxies, { kernel: false });
      if (!fast.compiled) return;
      seen.compiled += 1;
      if (!chain) seen.others += 1;
      if (layers.some(({ type }) => type.startsWith('conv'))) seen.shared += 1;
      const whole = slow.space.visits;
      const count = (each: typeof fast): object => each.tallyOf(0n, whole, () => undefined);
      assert.deepEqual(count(fast), count(slow));
    }),
    runs(150),
  );
  assert.ok(Math.min(...Object.values(seen)) > 0, JSON.stringify(seen));
});

test('inert parameters are left out of the visits and change no count', () => {
  let inert = 0;
  fc.assert(
    fc.property(anyLayeredCase({ maxPoints: 243n, own: true }), ({ network, proxies }) => {
      const few = enumerationOf(network, proxies, { kernel: false });
      const all = enumerationOf(network, proxies, { kernel: false, keepInert: true });
      if (few.space.multiplicity > 1n) inert += 1;
      const a = few.tallyOf(0n, few.space.visits, () => undefined);
      const b = all.tallyOf(0n, all.space.visits, () => undefined);
      for (const set of ['touched', 'nonDifferentiable', 'incorrect', 'undecided'] as const) {
        assert.equal(a[set] * few.space.multiplicity, b[set], set);
      }
    }),
    runs(40),
  );
  assert.ok(inert > 0);
});

test('a plan carries a network of any layers to its result, however it is cut', () => {
  fc.assert(
    fc.property(anyLayeredCase({ maxPoints: 81n }), ({ question, network, proxies }) => {
      const planned = planOf(question, { maxVisits: 1n << 20n, maxOperations: 1e9, maxShards: 1 });
      assert.ok(planned.ok);
      const { plan } = planned;
      const whole = resultLocally(plan);
      assert.ok(whole.mode === 'exhaustive');
      if (plan.method === 'enumeration' && BigInt(plan.range) >= 3n) {
        assert.deepEqual(resultLocally({ ...plan, shards: 3 }), whole);
      }
      const { space, tallyOf } = enumerationOf(network, proxies, { kernel: false });
      const tally = tallyOf(0n, space.visits, () => undefined);
      assert.equal(whole.counts.touched, String(tally.touched * space.multiplicity));
      assert.equal(
        whole.counts.nonDifferentiable,
        String(tally.nonDifferentiable * space.multiplicity),
      );
      assert.equal(whole.counts.incorrect, String(tally.incorrect * space.multiplicity));
    }),
    runs(40),
  );
});
