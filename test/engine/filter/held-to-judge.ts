/** Finders held to the judge's exact evaluation, and small networks to hold them on. */
import assert from 'node:assert/strict';
import { tieFinderOf, type Point, type TieFinder } from '../../../src/engine/filter/finder.js';
import { resolveFormat } from '../../../src/engine/format/resolve.js';
import { ACTIVATIONS } from '../../../src/engine/net/activations.js';
import { buildNetwork } from '../../../src/engine/net/build.js';
import type { Network } from '../../../src/engine/net/ir.js';
import { isDyadic } from '../../../src/engine/num/dyadic.js';
import { fromDouble, toDouble } from '../../../src/engine/num/float64.js';
import {
  absolute,
  compare,
  equal,
  subtract,
  type Rational,
} from '../../../src/engine/num/rational.js';
import { sides, valuesAt } from '../../../src/engine/truth/evaluate.js';
import { tiesAt } from '../../../src/engine/truth/walk.js';

/** Every position by the judge's evaluation, as `positionsAt` gives them; empty where it does. */
function positionsByJudge(network: Network, point: readonly Rational[]): number[][] {
  const values = valuesAt(network, point);
  const last = network.equations.findLastIndex(
    (equation) => equation.op === 'activation' && equation.activation.breakpoints.length > 0,
  );
  return network.equations.map((equation, index) => {
    if (equation.op !== 'activation' || index > last) return [];
    return (values[equation.in] ?? []).flat().map((t) => {
      const { left, right } = sides(equation.activation, t);
      return left + right;
    });
  });
}

function isDouble(r: Rational): boolean {
  return isDyadic(r) && Number.isFinite(toDouble(r)) && equal(fromDouble(toDouble(r)), r);
}

export interface Finders {
  readonly running: TieFinder;
  readonly norm: TieFinder;
  readonly lanes: TieFinder;
}

export function findersOf(network: Network): Finders {
  return {
    running: tieFinderOf(network, { bound: 'running' }),
    norm: tieFinderOf(network, { bound: 'norm', lanes: false }),
    lanes: tieFinderOf(network, { bound: 'norm', lanes: true }),
  };
}

/** The same ties and the same pieces as the judge's, by every finder. */
export function agrees(
  network: Network,
  point: readonly Rational[],
  finders = findersOf(network),
): void {
  const ties = tiesAt(network, valuesAt(network, point));
  const positions = positionsByJudge(network, point);
  const forms: Point[] = [point];
  if (point.every(isDouble)) forms.push(Float64Array.from(point, toDouble));
  for (const form of forms) {
    for (const finder of [finders.running, finders.norm, finders.lanes]) {
      assert.deepEqual(finder.at(form), ties);
      assert.deepEqual(
        finder.positionsAt(form).map((list) => [...list]),
        positions,
      );
    }
  }
}

/** Every value lies within its bound, and is told exactly where asked. */
export function encloses(network: Network, point: readonly Rational[], finder: TieFinder): void {
  const values = valuesAt(network, point);
  const last = positionsByJudge(network, point).findLastIndex((list) => list.length > 0);
  const known = new Set([0, ...network.equations.slice(0, last + 1).map(({ out }) => out)]);
  let visits = 0;
  finder.eachSampleAt(point, ({ sample, value, error, exactly }) => {
    visits += 1;
    for (const variable of known) {
      (values[variable]?.[sample] ?? []).forEach((truth, unit) => {
        assert.deepEqual(exactly(variable, unit), truth);
        const [x = NaN, off = NaN] = [value[variable]?.[unit], error[variable]?.[unit]];
        if (!Number.isFinite(x) || !Number.isFinite(off)) return;
        const distance = absolute(subtract(fromDouble(x), truth));
        assert.ok(compare(distance, fromDouble(off)) <= 0, `variable ${variable}, unit ${unit}`);
      });
    }
  });
  assert.equal(visits, network.inputs.length);
}

export const relu = ACTIVATIONS.get('relu')!.build({});
const identity = ACTIVATIONS.get('identity')!.build({});
export const FLOAT64 = resolveFormat('float64').values;
export const FLOAT32 = resolveFormat('float32').values;
export const E2M1 = resolveFormat('float4_e2m1fn').values;

/** ReLU in every layer but the output, a bias in every unit. */
export function fullyConnected(
  inputs: readonly (readonly number[])[],
  units: readonly number[],
  values = FLOAT64,
): Network {
  return buildNetwork(
    {
      inputs: inputs.map((row) => row.map(fromDouble)),
      layers: units.map((count, k) => ({
        units: count,
        weight: null,
        bias: true,
        activation: k === units.length - 1 && units.length > 1 ? identity : relu,
      })),
    },
    { weights: values, biases: values, params: new Map() },
  );
}
