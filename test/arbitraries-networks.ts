/**
 * Random small questions, as request bodies: what a failing property prints can be posted as it is.
 * Biased to what is hard: inputs that are 0, missing and shared biases, parameters used twice,
 * scales of 0, sets without 0, several samples, curved activations, proxies off the Clarke interval.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EngineError, isPolynomial, type Network, type Proxies } from '../src/engine/index.js';
import { compileQuestion } from '../src/plan/compile.js';
import { parseRequest } from '../src/plan/parse.js';
import type { Question } from '../src/plan/question.js';

export interface Case {
  readonly body: object;
  readonly question: Question;
  readonly network: Network;
  readonly proxies: Proxies;
}

export interface CaseOptions {
  /** Most points of Ω; larger cases are left out. */
  readonly maxPoints: bigint;
  /** Rows that own their parameters, one sample; what layered counting takes. */
  readonly plain?: boolean;
}

const small = fc.constantFrom('-2', '-1', '-1/2', '0', '1/2', '1', '2', '3');

const values = fc.oneof(
  fc.constant(['-1', '0', '1']),
  fc.constant(['-1', '1']),
  fc.constant(['0', '1', '2']),
  fc.uniqueArray(small, { minLength: 1, maxLength: 4 }),
);

const activation = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('relu', 'abs', 'identity', 'hardtanh') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('leaky_relu', 'relu6', 'hardsigmoid', 'hardswish', 'softshrink'),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(small, small, small).map(([at, left, right]) => ({
      // max-like or min-like, with a kink at `at` unless the slopes agree; continuous by design.
      type: 'piecewise',
      breakpoints: [at],
      pieces: [line(at, left), line(at, right)],
    })),
  },
);

/** Coefficients of slope·(x − at). */
function line(at: string, slope: string): string[] {
  const product = toNumber(at) * toNumber(slope);
  return [String(-product), slope];
}

function toNumber(text: string): number {
  const [n = '0', d = '1'] = text.split('/');
  return Number(n) / Number(d);
}

function entry(plain: boolean): fc.Arbitrary<unknown> {
  return fc
    .oneof(
      small,
      fc.record({ param: fc.constantFrom('a', 'b'), scale: small }),
      fc.record({ param: fc.constantFrom('a', 'b') }),
    )
    .filter(() => !plain);
}

function layer(units: number, fanIn: number, plain: boolean): fc.Arbitrary<object> {
  const matrix = fc.array(fc.array(entry(false), { minLength: fanIn, maxLength: fanIn }), {
    minLength: units,
    maxLength: units,
  });
  const entries = fc.array(entry(false), { minLength: units, maxLength: units });
  return fc
    .record({
      bias: plain ? fc.boolean() : fc.oneof(fc.boolean(), entries),
      weight: plain ? fc.constant(null) : fc.option(matrix, { freq: 2 }),
      activation,
    })
    .map(({ weight, ...rest }) => ({
      type: 'dense',
      units,
      ...rest,
      ...(weight === null ? {} : { weight }),
    }));
}

const proxies = fc.oneof(
  fc.constantFrom('left', 'right'),
  fc.record({
    relu: fc.tuple(small),
    abs: fc.tuple(small),
    leaky_relu: fc.tuple(small),
    hardtanh: fc.tuple(small, small),
    piecewise: fc.constantFrom('left', 'right'),
  }),
);

/** A random case of at most `maxPoints` points. */
export function anyCase({ maxPoints, plain = false }: CaseOptions): fc.Arbitrary<Case> {
  return fc
    .tuple(
      fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 2, maxLength: 5 }),
      fc.integer({ min: 1, max: plain ? 1 : 2 }),
    )
    .chain(([widths, samples]) => {
      const [inputs = 1, ...units] = widths;
      return fc.record({
        network: fc.record({
          inputs: fc.array(fc.array(small, { minLength: inputs, maxLength: inputs }), {
            minLength: samples,
            maxLength: samples,
          }),
          layers: fc.tuple(...units.map((count, k) => layer(count, widths[k] ?? 1, plain))),
        }),
        format: fc.oneof(
          values.map((list) => ({ values: list })),
          fc.record({
            weights: values.map((list) => ({ values: list })),
            biases: values.map((list) => ({ values: list })),
          }),
        ),
        proxies,
        mode: fc.constant('exhaustive'),
      });
    })
    .map((body) => caseOf(body))
    .filter((found): found is Case => {
      if (found === null) return false;
      const points = found.network.parameters.reduce((all, { values: set }) => all * set.size, 1n);
      return points <= maxPoints && found.network.parameters.length > 0;
    });
}

/** The case of a body; null where the parts do not fit together. */
export function caseOf(body: object): Case | null {
  const parsed = parseRequest(body);
  if (!parsed.ok) return null;
  try {
    const { network, ...rest } = compileQuestion(parsed.question);
    assert.ok(isPolynomial(network));
    return { body, question: parsed.question, network, ...rest };
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}

/** Every point of Ω, in the order of ranks. */
export function* pointsOf(
  network: Network,
): Generator<ReturnType<Network['parameters'][number]['values']['at']>[]> {
  const sizes = network.parameters.map(({ values: set }) => set.size);
  const total = sizes.reduce((all, size) => all * size, 1n);
  for (let rank = 0n; rank < total; rank += 1n) {
    let rest = rank;
    const point = network.parameters.map(({ values: set }) => set.at(0n));
    for (let k = sizes.length - 1; k >= 0; k -= 1) {
      const size = sizes[k] ?? 1n;
      point[k] = network.parameters[k]?.values.at(rest % size) ?? point[k]!;
      rest /= size;
    }
    yield point;
  }
}
