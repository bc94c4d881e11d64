/**
 * The compiled kernel digit for digit against the interpreting kernel and the reference enumerator, on
 * random networks of every layer type, however the ranks are cut.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  emptyTally,
  enumerationOf,
  mergeTallies,
  neuronsOf,
  type Enumeration,
  type Network,
  type Proxies,
} from '../../../../src/engine/index.js';
import { runs } from '../../../arbitraries.js';
import { anyLayeredCase } from '../../../arbitraries-layers.js';
import { anyCase, caseOf } from '../../../arbitraries-networks.js';
import { anyRecipe } from '../../../arbitraries-recipes.js';
import { budgetedCase } from '../budgeted.js';
import { build } from '../../recipe.js';

const silent = (): void => undefined;
/** Prints as the request that it is. */
function asBody(cases: fc.Arbitrary<Compared>): fc.Arbitrary<Compared> {
  return cases.map((found) => ({
    network: found.network,
    proxies: found.proxies,
    [fc.toStringMethod]: () => JSON.stringify('body' in found ? found.body : 'a recipe'),
  }));
}

const cuts = fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 4 });

interface Compared {
  readonly network: Network;
  readonly proxies: Proxies;
}

/** Asserts equal tallies, whole and cut, by parts or not; what visited the points without parts. */
function compare({ network, proxies }: Compared, at: readonly number[]): Enumeration['by'] {
  const enumeration = enumerationOf(network, proxies, { parts: false });
  const { visits } = enumeration.space;
  const others = [{ generate: false }, { kernel: false }].map((options) =>
    enumerationOf(network, proxies, options).tallyOf(0n, visits, silent),
  );
  const whole = enumeration.tallyOf(0n, visits, silent);
  for (const other of others) assert.deepEqual(whole, other);
  const ranks = [0n, visits, ...at.map((cut) => BigInt(cut) % (visits + 1n))];
  ranks.sort((a, b) => Number(a - b));
  const empty = emptyTally(neuronsOf(network).length);
  for (const each of [enumeration, enumerationOf(network, proxies)]) {
    const parts = ranks.slice(1).map((to, k) => each.tallyOf(ranks[k] ?? 0n, to, silent));
    assert.deepEqual(parts.reverse().reduce(mergeTallies, empty), whole);
  }
  return enumeration.by;
}

function holds(name: string, cases: fc.Arbitrary<Compared>, atLeast: number): void {
  test(`generated code, kernel and reference agree on ${name}, however they are cut`, () => {
    let generated = 0;
    fc.assert(
      fc.property(asBody(cases), cuts, (found, at) => {
        if (compare(found, at) === 'generated') generated += 1;
      }),
      runs(100),
    );
    if (runs(100).numRuns >= 100) assert.ok(generated >= atLeast, `${generated} were generated`);
  });
}

holds('networks of every layer type', anyLayeredCase({ maxPoints: 300n }), 40);
holds('dense networks', anyCase({ maxPoints: 500n }), 60);
holds('dense networks that own their parameters', budgetedCase({ maxPoints: 400, own: true }), 60);
holds('dense networks that share them', budgetedCase({ maxPoints: 400, own: false }), 60);
holds('wide networks', anyRecipe({ maxPoints: 500n }).map(build), 40);

const p = (param: string, scale = '1'): object => ({ param, scale });

/** What random networks found, or would find once in a long while. */
const BODIES: Readonly<Record<string, object>> = {
  'a maximum of one unit behind the last tie': {
    network: {
      inputs: [['0', '-1']],
      layers: [
        {
          type: 'dense',
          units: 2,
          weight: [
            ['2', p('b', '2')],
            [p('a'), '-1'],
          ],
          bias: [p('b'), p('a')],
          activation: 'relu',
        },
        { type: 'max', of: [[0]] },
      ],
    },
    format: { values: ['-1', '0', '1'] },
    proxies: { relu: ['-1'], max: 'first' },
  },
  'a parameter whose uses in one unit cancel': {
    network: {
      inputs: [['1']],
      layers: [
        { type: 'dense', units: 1, weight: [[p('a')]], bias: [p('a', '-1')], activation: 'relu' },
        { type: 'dense', units: 1, activation: 'identity' },
      ],
    },
    format: { values: ['-3', '-2', '-1', '0', '1', '2', '3'] },
    proxies: { relu: ['1'] },
  },
  'maxima of convolved units, shared weights': {
    network: {
      inputs: [['1', '0', '-1', '2', '1', '1', '0', '-1', '2']],
      inputShape: [1, 3, 3],
      layers: [
        { type: 'conv2d', filters: 1, kernelSize: [2, 2], activation: 'relu' },
        { type: 'maxPool2d', kernelSize: [2, 2], stride: 1 },
        { type: 'flatten' },
        { type: 'dense', units: 1, activation: 'identity' },
      ],
    },
    format: { values: ['-1', '0', '1'] },
    proxies: { relu: ['0'], maxPool2d: 'all' },
  },
};

/** Deep networks of so many values that stretches and weights between ties play a part. */
const deep = fc
  .record({
    widths: fc.constantFrom([1, 1], [1, 1], [2, 1], [1, 2]),
    values: fc.uniqueArray(fc.integer({ min: -6, max: 6 }), { minLength: 4, maxLength: 4 }),
    more: fc.uniqueArray(fc.integer({ min: -9, max: 9 }), { minLength: 5, maxLength: 8 }),
    input: fc.constantFrom('1', '-2', '1/2'),
    activations: fc.tuple(
      fc.constantFrom('relu', 'abs', 'hardtanh'),
      fc.constantFrom('relu', 'abs', 'hardtanh'),
    ),
    proxy: fc.constantFrom('0', '1', '1/2'),
  })
  .map(({ widths, values, more, input, activations, proxy }) =>
    caseOf({
      network: {
        inputs: [[input]],
        layers: [
          ...widths.map((units, k) => ({ type: 'dense', units, activation: activations[k] })),
          { type: 'dense', units: 1, bias: false, activation: 'identity' },
        ],
      },
      format: { values: (widths.join() === '1,1' ? more : values).map(String) },
      proxies: { relu: [proxy], abs: [proxy], hardtanh: [proxy, proxy] },
      mode: 'exhaustive',
    }),
  )
  .filter((found) => found !== null);

/** Two filters with shared weights, maxima, one dense unit: parts whose AD errs, and that differ. */
const parted = fc
  .record({
    input: fc.array(fc.constantFrom('1', '-1', '2', '0'), { minLength: 6, maxLength: 6 }),
    frozen: fc.constantFrom('1', '-1', null),
    pool: fc.boolean(),
    samples: fc.constantFrom(1, 2),
    proxy: fc.constantFrom('0', '1', '1/2'),
    rule: fc.constantFrom('first', 'all', 'even'),
  })
  .map(({ input, frozen, pool, samples, proxy, rule }) => {
    const sample = (by: number): string[] => input.map((_, j) => input[(j + by) % 6] as string);
    const weight =
      frozen === null && pool
        ? {}
        : { weight: [pool ? [frozen ?? '1', '-1'] : [frozen ?? '1', '1', '-1', '-1', '1', '-1']] };
    return caseOf({
      network: {
        inputs: Array.from({ length: samples }, (_, k) => sample(k)),
        inputShape: [1, 6],
        layers: [
          { type: 'conv1d', filters: 2, kernelSize: 2, stride: 2, activation: 'relu' },
          { type: 'flatten' },
          ...(pool
            ? [
                {
                  type: 'max',
                  of: [
                    [0, 1, 2],
                    [3, 4, 5],
                  ],
                },
              ]
            : []),
          { type: 'dense', units: 1, activation: 'identity', ...weight },
        ],
      },
      format: { values: ['-1', '0', '1'] },
      proxies: { relu: [proxy], max: rule },
      mode: 'exhaustive',
    });
  })
  .filter((found) => found !== null);

/** Maxima over units of one filter, windows that overlap or not: ties that attain them, and silent ones. */
const pooled = fc
  .record({
    input: fc.array(fc.constantFrom('1', '-1', '2', '0'), { minLength: 6, maxLength: 6 }),
    // Of a ReLU no unit on its kink attains a maximum alone; of the others one may.
    activation: fc.constantFrom('relu', 'leaky_relu', 'leaky_relu', 'hardtanh', 'abs'),
    windows: fc.constantFrom<number[][]>(
      [[0, 1, 2]],
      [
        [0, 1],
        [1, 2],
      ],
      [[0, 1], [2]],
      [
        [2, 0],
        [1, 0],
        [1, 2],
      ],
    ),
    out: fc.constantFrom('1', '-1', null),
    proxy: fc.constantFrom('0', '1', '1/2'),
    rule: fc.constantFrom('first', 'all', 'even'),
    values: fc.constantFrom(['-1', '0', '1'], ['-2', '-1', '0', '1']),
  })
  .map(({ input, activation, windows, out, proxy, rule, values }) =>
    caseOf({
      network: {
        inputs: [input],
        inputShape: [1, 6],
        layers: [
          { type: 'conv1d', filters: 1, kernelSize: 2, stride: 2, activation },
          { type: 'flatten' },
          { type: 'max', of: windows },
          {
            type: 'dense',
            units: 1,
            activation: 'identity',
            bias: false,
            ...(out === null ? {} : { weight: [windows.map(() => out)] }),
          },
        ],
      },
      format: { values },
      proxies: {
        relu: [proxy],
        leaky_relu: [proxy],
        abs: [proxy],
        hardtanh: [proxy, proxy],
        max: rule,
      },
      mode: 'exhaustive',
    }),
  )
  .filter((found) => found !== null);

holds('maxima over units of one filter', pooled, 60);

test('generated code and kernel agree on deep networks of many values, however they are cut', () => {
  fc.assert(
    fc.property(asBody(deep), cuts, ({ network, proxies }, at) => {
      const enumeration = enumerationOf(network, proxies);
      const { visits } = enumeration.space;
      const kernel = enumerationOf(network, proxies, { generate: false });
      assert.deepEqual([enumeration.by, kernel.by], ['generated', 'kernel']);
      const whole = kernel.tallyOf(0n, visits, silent);
      assert.deepEqual(enumeration.tallyOf(0n, visits, silent), whole);
      const ranks = [0n, visits, ...at.map((cut) => BigInt(cut) % (visits + 1n))];
      ranks.sort((a, b) => Number(a - b));
      const parts = ranks.slice(1).map((to, k) => enumeration.tallyOf(ranks[k] ?? 0n, to, silent));
      const empty = emptyTally(neuronsOf(network).length);
      assert.deepEqual(parts.reduce(mergeTallies, empty), whole);
    }),
    runs(25),
  );
});

/** Units a·w + c with mirrors and copies, so that bends cancel and AD errs; constants behind them. */
const lines = fc
  .record({
    units: fc.array(
      fc.tuple(fc.constantFrom('1', '-1', '2', '-1/2'), fc.constantFrom('0', '1', '-1', '1/2')),
      { minLength: 1, maxLength: 4 },
    ),
    inputs: fc.array(fc.constantFrom('1', '-1', '2'), { minLength: 1, maxLength: 2 }),
    out: fc.array(fc.constantFrom('1', '-1', '0', '2'), { minLength: 4, maxLength: 4 }),
    // Of the identity nothing can tie: then there are no neurons to tell of.
    activation: fc.constantFrom('relu', 'abs', 'hardtanh', 'identity'),
    proxy: fc.constantFrom('0', '1', '1/2'),
  })
  .map(({ units, inputs, out, activation, proxy }) =>
    caseOf({
      network: {
        inputs: inputs.map((x) => [x]),
        layers: [
          {
            type: 'dense',
            units: units.length,
            weight: units.map(([a]) => [p('w', a)]),
            bias: units.map(([, c]) => c),
            activation,
          },
          {
            type: 'dense',
            units: 1,
            weight: [out.slice(0, units.length)],
            bias: false,
            activation: 'identity',
          },
        ],
      },
      format: { values: ['-2', '-1', '-1/2', '0', '1/2', '1', '2'] },
      proxies: { relu: [proxy], abs: [proxy], hardtanh: [proxy, proxy] },
      mode: 'exhaustive',
    }),
  )
  .filter((found) => found !== null);

test('the kernel of one digit agrees with kernel and reference, however they are cut', () => {
  fc.assert(
    fc.property(asBody(lines), cuts, (found, at) => {
      assert.equal(compare(found, at), 'line');
    }),
    runs(100),
  );
  // relu(w) − relu(−w) = w has derivative 1 everywhere; with ReLU′(0) = 0 AD says 0 at w = 0.
  const wrong = caseOf({
    network: {
      inputs: [['1']],
      layers: [
        {
          type: 'dense',
          units: 2,
          weight: [[p('w')], [p('w', '-1')]],
          bias: ['0', '0'],
          activation: 'relu',
        },
        { type: 'dense', units: 1, weight: [['1', '-1']], bias: ['0'], activation: 'identity' },
      ],
    },
    format: { values: ['-1', '0', '1'] },
    proxies: 'pytorch',
    mode: 'exhaustive',
  });
  assert.ok(wrong !== null);
  const { by, space, tallyOf } = enumerationOf(wrong.network, wrong.proxies);
  assert.equal(by, 'line');
  const { incorrect, nonDifferentiable } = tallyOf(0n, space.visits, silent);
  assert.deepEqual({ incorrect, nonDifferentiable }, { incorrect: 1n, nonDifferentiable: 0n });
});

test('part by part the counts are the same, witnesses too', () => {
  let byParts = 0;
  const cases = fc.oneof(
    budgetedCase({ maxPoints: 1000, own: true }),
    budgetedCase({ maxPoints: 1000, own: false }),
    anyLayeredCase({ maxPoints: 700n }),
    { arbitrary: parted, weight: 4 },
  );
  fc.assert(
    fc.property(asBody(cases), cuts, ({ network, proxies }, at) => {
      const parts = enumerationOf(network, proxies);
      if (parts.by !== 'parts') return;
      byParts += 1;
      const whole = enumerationOf(network, proxies, { parts: false });
      const { visits } = whole.space;
      assert.deepEqual(parts.tallyOf(0n, visits, silent), whole.tallyOf(0n, visits, silent));
      const ranks = at.map((cut) => BigInt(cut) % (visits + 1n));
      ranks.sort((a, b) => Number(a - b));
      ranks.slice(1).forEach((to, k) => {
        const from = ranks[k] ?? 0n;
        assert.deepEqual(parts.tallyOf(from, to, silent), whole.tallyOf(from, to, silent));
      });
    }),
    runs(60),
  );
  if (runs(60).numRuns >= 60) assert.ok(byParts >= 12, `${byParts} were counted by parts`);
});

test('no string of a request goes into the generated code', () => {
  const evil = 'return process;//"`${1}';
  const found = caseOf({
    network: {
      inputs: [['1', '-2']],
      layers: [
        {
          type: 'dense',
          units: 2,
          weight: [
            [p(evil), p(`${evil}2`)],
            [p('constructor'), '3/7'],
          ],
          bias: [p('__proto__'), p(`a${evil}`)],
          activation: 'relu',
        },
        { type: 'dense', units: 1, activation: 'identity' },
      ],
    },
    format: { values: ['-1', '0', '1'] },
    proxies: 'pytorch',
    mode: 'exhaustive',
  });
  assert.ok(found !== null);
  const { source, by } = enumerationOf(found.network, found.proxies, { parts: false });
  assert.equal(by, 'generated');
  assert.ok(source !== null);
  for (const { name, values } of found.network.parameters) {
    assert.ok(!source.includes(name));
    assert.ok(!source.includes(values.name));
  }
  // Nothing but the words of the language, made names, and integers.
  const words = new Set(source.match(/[A-Za-z_$][A-Za-z_$0-9]*/g) ?? []);
  const own = /^([TdlhwyzcmnktvTi]\d*|[knvp]\d+)$/;
  const fixed = [
    ...['use', 'strict', 'const', 'let', 'return', 'function', 'run', 'lo', 'hi', 'for', 'if'],
    ...[
      'at',
      'slots',
      'counts',
      'size',
      'place',
      'cut',
      'values',
      'length',
      's',
      'while',
      'else',
      'runtime',
      'tables',
      'epoch',
      'slot',
      'undefined',
    ],
    ...['get', 'has', 'decide', 'visit', 'renew', 'all', 'found', 'stamps', 'count', 'Math'],
    ...['imul', 'max'],
  ];
  for (const word of words) assert.ok(own.test(word) || fixed.includes(word), word);
});

test('where the host forbids code from text the kernel serves, with the same counts', () => {
  const engine = new URL('../../../../src/engine/index.js', import.meta.url).href;
  const plan = new URL('../../../../src/plan/', import.meta.url).href;
  const script = `
    const { enumerationOf } = await import(${JSON.stringify(engine)});
    const { parseRequest } = await import(${JSON.stringify(plan)} + 'parse.js');
    const { compileQuestion } = await import(${JSON.stringify(plan)} + 'compile.js');
    const body = ${JSON.stringify({ ...BODIES['a parameter whose uses in one unit cancel'], mode: 'exhaustive' })};
    const { network, proxies } = compileQuestion(parseRequest(body).question);
    const { by, space, tallyOf } = enumerationOf(network, proxies);
    const { touched, nonDifferentiable } = tallyOf(0n, space.visits, () => undefined);
    process.stdout.write([by, touched, nonDifferentiable].join(' '));
  `;
  const run = (...flags: string[]): string[] => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [...flags, '--input-type=module', '--eval', script],
      { encoding: 'utf8' },
    );
    assert.notEqual(stdout, '', stderr);
    return stdout.split(' ');
  };
  const [allowed, ...counts] = run();
  const [forbidden, ...same] = run('--disallow-code-generation-from-strings');
  assert.equal(allowed, 'generated');
  assert.equal(forbidden, 'kernel');
  assert.deepEqual(same, counts);
});

for (const [name, body] of Object.entries(BODIES)) {
  test(`generated code, kernel and reference agree on ${name}`, () => {
    const found = caseOf({ ...body, mode: 'exhaustive' });
    assert.ok(found !== null);
    assert.equal(compare(found, [17, 5]), 'generated');
  });
}
