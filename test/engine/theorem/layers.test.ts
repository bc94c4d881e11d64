/**
 * The theorems on networks of every layer type: each bound that applies holds against the exhaustive
 * count, each theorem on points that applies agrees with the judge. The judge uses none of them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compare, examine, judgeOf, rational, reportTheorems } from '../../../src/engine/index.js';
import { isDenseChain } from '../../../src/plan/question.js';
import { runs } from '../../arbitraries.js';
import { anyLayeredCase } from '../../arbitraries-layers.js';
import { pointsOf, type Case } from '../../arbitraries-networks.js';

/** Theorems that were met, on networks that are more than chains of dense layers. */
const met = new Map<string, number>();

function meet(each: Case, id: string, what: string): void {
  if (isDenseChain(each.question.network)) return;
  const key = `${id} ${what}`;
  met.set(key, (met.get(key) ?? 0) + 1);
}

/** Tied points of one case that are examined in full; all points are judged. */
const EXAMINED = 24;

function holdsEverywhere(each: Case): void {
  const { network, proxies } = each;
  const judge = judgeOf(network, proxies);
  let [points, wrong, rough, examined] = [0n, 0n, 0n, 0];
  for (const point of pointsOf(network)) {
    const judged = judge(point);
    points += 1n;
    if (judged.differentiable === false) rough += 1n;
    if (judged.adCorrect === false) wrong += 1n;
    assert.notEqual(judged.differentiable, null);
    if (judged.ties.length === 0 || examined === EXAMINED) continue;
    examined += 1;
    const { verdict, clarke, theorems } = examine(network, proxies, point);
    for (const { id, on, applies, why } of theorems) {
      if (!applies) continue;
      meet(each, id, 'tied');
      if (on === 'clarke') assert.notEqual(clarke.membership, 'refuted', `${id}: ${why}`);
      if (id === 'L-inc') assert.notEqual(verdict.adCorrect, false);
      if (id === 'L-suff') assert.equal(verdict.adCorrect, true, why);
      if (id === 'L-iff') {
        const relevant = verdict.ties.some((tie) => tie.relevant);
        assert.equal(verdict.differentiable, !relevant, why);
      }
    }
  }
  const known = {
    nonDifferentiable: rough,
    incorrect: wrong,
    nonDifferentiableOrIncorrect: rough + wrong,
  };
  for (const { id, on, applies, exact, direction } of reportTheorems(network, proxies)) {
    if (!applies || exact === null || on === 'clarke') continue;
    meet(each, id, 'bound');
    const order = compare(rational(known[on], points), exact);
    if (direction === 'upper') assert.ok(order <= 0, id);
    if (direction === 'lower') assert.ok(order >= 0, id);
    if (direction === 'equal') assert.equal(order, 0, id);
  }
}

test('theorems that apply hold on networks of every layer type', () => {
  // A fixed seed: that each theorem was met must not depend on chance.
  const own = anyLayeredCase({ maxPoints: 260n, maxUnits: 16, own: true });
  fc.assert(fc.property(own, holdsEverywhere), { numRuns: 60, seed: 4 });
  for (const id of ['L-inc', 'L-ndf', 'L-nobias']) {
    assert.ok((met.get(`${id} bound`) ?? 0) > 0, `no bound of ${id}`);
  }
  for (const id of ['L-inc', 'L-iff', 'L-clarke', 'P-1', 'P-4/P-6', 'P-5', 'P-8']) {
    assert.ok((met.get(`${id} tied`) ?? 0) > 0, `no tied point under ${id}`);
  }
});

test('theorems that apply hold on random networks of any layers', () => {
  const own = anyLayeredCase({ maxPoints: 300n, maxUnits: 24, own: true });
  fc.assert(fc.property(own, holdsEverywhere), runs(20));
  const shared = anyLayeredCase({ maxPoints: 100n, maxUnits: 24 });
  fc.assert(fc.property(shared, holdsEverywhere), runs(40));
});
