/**
 * TF.js as a peer: an implementation of AD that shares nothing with the engine.
 *
 * Parameters and inputs are small multiples of 1/4, so that every intermediate number of TF.js is
 * exact in binary32 and the comparison is equality, without a tolerance. Off the kinks the two must
 * agree whatever the proxies; on the kinks they must agree once the engine is given the proxies
 * that TF.js was seen to use.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { loadTfjs } from '../../examples/tfjs.js';
import { forwardMode } from '../../src/engine/ad/forward.js';
import { proxiesOf, type ProxyPreset } from '../../src/engine/ad/proxies.js';
import { reverseMode } from '../../src/engine/ad/reverse.js';
import { valueSetOf } from '../../src/engine/format/format.js';
import { lookup } from '../../src/engine/format/lookup.js';
import type { Activation } from '../../src/engine/net/activation.js';
import { ACTIVATIONS } from '../../src/engine/net/activations.js';
import { buildNetwork } from '../../src/engine/net/build.js';
import type { Network } from '../../src/engine/net/ir.js';
import { fromDouble } from '../../src/engine/num/float64.js';
import { rational, type Rational } from '../../src/engine/num/rational.js';
import { parseExact, toText } from '../../src/engine/num/text.js';
import { valuesAt } from '../../src/engine/truth/evaluate.js';
import { tiesAt } from '../../src/engine/truth/walk.js';
import { runs } from '../arbitraries.js';

interface Row {
  readonly activation: string;
  readonly call: string;
  readonly used: Readonly<Record<string, string>>;
}
const { rows } = JSON.parse(
  await readFile(new URL('../../../test/vectors/kinks/tfjs.json', import.meta.url), 'utf8'),
) as { rows: readonly Row[] };

const TF = await loadTfjs();

/** Each activation that both sides have, as TF.js writes it. */
const CALLS: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  identity: (x) => x,
  relu: (x) => TF.relu(x),
  relu6: (x) => TF.relu6(x),
  leaky_relu: (x) => TF.leakyRelu(x, 0.25),
  abs: (x) => TF.abs(x),
  hardtanh: (x) => TF.clipByValue(x, -1, 1),
};

/** The slope must be dyadic for TF.js to be exact; all else as by default. */
function activationOf(type: string): Activation {
  const kind = ACTIVATIONS.get(type);
  assert.ok(kind !== undefined, type);
  return kind.build(type === 'leaky_relu' ? { slope: rational(1n, 4n) } : kind.settings);
}

const TFJS_PROXIES: ReadonlyMap<string, readonly Rational[]> = new Map(
  rows.map(({ activation, used }) => [
    activation,
    activationOf(activation).kinks.map((kink) => {
      const value = used[toText(kink.at)];
      assert.ok(value !== undefined, `${activation} at ${toText(kink.at)}`);
      return parseExact(value);
    }),
  ]),
);

/** A network as widths and activations; parameters and inputs in quarters. */
interface Case {
  readonly widths: readonly number[];
  readonly types: readonly string[];
  readonly inputs: readonly (readonly number[])[];
  readonly quarters: readonly number[];
}

const NUMBERS = 40;
const anyCase: fc.Arbitrary<Case> = fc
  .record({
    widths: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 4 }),
    samples: fc.integer({ min: 1, max: 2 }),
  })
  .chain(({ widths, samples }) =>
    fc.record({
      widths: fc.constant(widths),
      types: fc.array(fc.constantFrom(...Object.keys(CALLS)), {
        minLength: widths.length - 1,
        maxLength: widths.length - 1,
      }),
      inputs: fc.array(
        fc.array(fc.integer({ min: -2, max: 2 }), {
          minLength: widths[0] ?? 1,
          maxLength: widths[0] ?? 1,
        }),
        { minLength: samples, maxLength: samples },
      ),
      // Small and often 0 or whole, so that many pre-activations meet a kink exactly.
      quarters: fc.array(fc.constantFrom(0, 0, 4, -4, 1, -2, 3, 8, -8), {
        minLength: NUMBERS,
        maxLength: NUMBERS,
      }),
    }),
  );

function networkOf({ widths, types, inputs }: Case): Network {
  const values = valueSetOf(lookup('float32').format);
  return buildNetwork(
    {
      inputs: inputs.map((input) => input.map((x) => rational(BigInt(x)))),
      layers: types.map((type, l) => ({
        units: widths[l + 1] as number,
        weight: null,
        bias: true,
        activation: activationOf(type),
      })),
    },
    { weights: values, biases: values, params: new Map() },
  );
}

/** TF.js's value and Jacobian, each row flattened in the contract's order. */
function byTfjs({ widths, types, inputs, quarters }: Case): { value: number[]; rows: number[][] } {
  let next = 0;
  const take = (count: number): number[] =>
    quarters.slice(next, (next += count)).map((quarter) => quarter / 4);
  const parameters = types.flatMap((_, l): tf.Tensor[] => {
    const [fanIn, units] = [widths[l] as number, widths[l + 1] as number];
    return [TF.tensor2d(take(units * fanIn), [units, fanIn]), TF.tensor1d(take(units))];
  });
  const outputs = (input: readonly number[], tensors: readonly tf.Tensor[]): tf.Tensor => {
    let z: tf.Tensor = TF.tensor2d([...input], [input.length, 1]);
    types.forEach((type, l) => {
      const y = TF.add(
        TF.matMul(tensors[2 * l] as tf.Tensor2D, z as tf.Tensor2D),
        TF.reshape(tensors[2 * l + 1] as tf.Tensor, [-1, 1]),
      );
      z = (CALLS[type] as (x: tf.Tensor) => tf.Tensor)(y);
    });
    return TF.reshape(z, [-1]);
  };
  const value: number[] = [];
  const jacobian: number[][] = [];
  for (const input of inputs) {
    value.push(...outputs(input, parameters).dataSync());
    for (let unit = 0; unit < (widths.at(-1) ?? 0); unit += 1) {
      const one = (...tensors: tf.Tensor[]): tf.Tensor =>
        TF.sum(TF.slice(outputs(input, tensors), [unit], [1]));
      jacobian.push(TF.grads(one)(parameters).flatMap((gradient) => [...gradient.dataSync()]));
    }
  }
  return { value, rows: jacobian };
}

function byEngine(
  network: Network,
  c: Case,
  preset: ProxyPreset,
  overrides: ReadonlyMap<string, readonly Rational[]>,
): { value: string[]; rows: string[][] } {
  const proxies = proxiesOf(network, { preset, overrides });
  const point = pointOf(network, c);
  const [reverse, forward] = [reverseMode, forwardMode].map((mode) => {
    const { value, jacobian } = mode(network, proxies, point);
    return { value: value.map(toText), rows: jacobian.map((row) => row.map(toText)) };
  });
  assert.deepEqual(reverse, forward);
  assert.ok(reverse !== undefined);
  return reverse;
}

function pointOf(network: Network, { quarters }: Case): Rational[] {
  assert.ok(network.parameters.length <= NUMBERS);
  return network.parameters.map((_, i) => rational(BigInt(quarters[i] as number), 4n));
}

function asTexts({ value, rows: lines }: { value: number[]; rows: number[][] }): {
  value: string[];
  rows: string[][];
} {
  const text = (x: number): string => toText(fromDouble(x));
  return { value: value.map(text), rows: lines.map((row) => row.map(text)) };
}

function touched(network: Network, c: Case): boolean {
  return tiesAt(network, valuesAt(network, pointOf(network, c))).length > 0;
}

test('off the kinks TF.js and the engine return the same numbers, whatever the proxies', () => {
  let seen = 0;
  fc.assert(
    fc.property(anyCase, fc.constantFrom<ProxyPreset>('left', 'right'), (c, preset) => {
      const network = networkOf(c);
      fc.pre(!touched(network, c));
      seen += 1;
      const own = byEngine(network, c, preset, new Map());
      TF.tidy(() => {
        assert.deepEqual(asTexts(byTfjs(c)), own);
      });
    }),
    runs(150),
  );
  assert.ok(seen > 0);
});

test('on the kinks they return the same numbers once the engine has TF.js’s proxies', () => {
  let ties = 0;
  fc.assert(
    fc.property(anyCase, (c) => {
      const network = networkOf(c);
      if (touched(network, c)) ties += 1;
      const own = byEngine(network, c, 'left', TFJS_PROXIES);
      TF.tidy(() => {
        assert.deepEqual(asTexts(byTfjs(c)), own);
      });
    }),
    runs(150),
  );
  assert.ok(ties > 0, 'no case met a kink');
});

test('TF.js uses at each kink what the vectors say', () => {
  for (const { activation, used, call } of rows) {
    const f = CALLS[activation];
    assert.ok(f !== undefined, activation);
    for (const [at, value] of Object.entries(used)) {
      const gradient: tf.Tensor = TF.grad((x) => TF.sum(f(x)))(TF.tensor1d([Number(at)]));
      const slope: number = gradient.dataSync()[0] ?? NaN;
      assert.equal(toText(fromDouble(slope)), value, `${call} at ${at}`);
    }
  }
});

test('the tensorflow preset is TF.js’s where the two frameworks agree, and only there', () => {
  const agreeing = rows
    .filter(({ activation }) => {
      const network = networkOf({
        widths: [1, 1],
        types: [activation],
        inputs: [[1]],
        quarters: [],
      });
      // TensorFlow has no hardtanh of its own, so its preset does not know one.
      if (activation === 'hardtanh') {
        assert.throws(() => proxiesOf(network, { preset: 'tensorflow', overrides: new Map() }));
        return false;
      }
      const [, preset] = proxiesOf(network, { preset: 'tensorflow', overrides: new Map() });
      const own = TFJS_PROXIES.get(activation) ?? [];
      return (preset ?? []).map(toText).join() === own.map(toText).join();
    })
    .map(({ activation }) => activation);
  // relu6 at 6: TensorFlow 0, TF.js 1. abs at 0: TensorFlow 0, TF.js −1.
  assert.deepEqual(agreeing, ['relu', 'leaky_relu']);
});

test('TF.js too says 0 for ReLU(w) − ReLU(−w) at 0, where the derivative is 1', () => {
  const f = (w: tf.Tensor): tf.Tensor => TF.sum(TF.sub(TF.relu(w), TF.relu(TF.neg(w))));
  assert.equal(TF.grad(f)(TF.tensor1d([0])).dataSync()[0], 0);
});
