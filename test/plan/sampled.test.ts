/**
 * Mode `sampled` through the plan: estimates beside exact counts, the same bytes however the samples
 * are cut, what ends them, and what is refused.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parseExact, toDouble } from '../../src/engine/index.js';
import { runLocally, resultLocally } from '../../src/plan/local.js';
import { planOf, planningOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import { shardsOf, type Plan } from '../../src/plan/plan.js';
import { mergeTallies, resultOf, resultText } from '../../src/plan/result.js';
import { runShard } from '../../src/plan/run.js';
import { isDetermined, tallyFromText, tallyToText } from '../../src/plan/wire.js';
import { ResultSchema, type SampledResult } from '../../src/schemas/result.js';
import { runs } from '../arbitraries.js';
import { anyCase } from '../arbitraries-networks.js';

const LIMITS = { maxVisits: 1n << 32n, maxOperations: 1e12, maxShards: 64 };
const relu = (units: number, rest = {}) => ({ type: 'dense', units, activation: 'relu', ...rest });
const out = (units: number) => ({ type: 'dense', units });
const ternary = { values: ['-1', '0', '1'] };

function planned(body: object): Plan {
  const parsed = parseRequest(body);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const made = planOf(parsed.question, LIMITS);
  assert.ok(made.ok, JSON.stringify(made));
  return made.plan;
}

function sampled(body: object): SampledResult {
  const result = resultLocally(planned({ ...body, mode: 'sampled' }));
  assert.equal(result.mode, 'sampled');
  return result;
}

/** Networks of the counting table that are counted within a second. */
const COUNTED: readonly (readonly [string, object])[] = [
  ['1-2-1 in E4M3FN', { network: { inputs: [[1]], layers: [relu(2), out(1)] }, format: 'e4m3fn' }],
  [
    '2-2-1 in E4M3FN',
    { network: { inputs: [[1, -2]], layers: [relu(2), out(1)] }, format: 'e4m3fn' },
  ],
  [
    '1-2-2-1 in E2M1FN',
    { network: { inputs: [[1]], layers: [relu(2), relu(2), out(1)] }, format: 'e2m1fn' },
  ],
  [
    '1-3-3-1 in ternary',
    { network: { inputs: [[1]], layers: [relu(3), relu(3), out(1)] }, format: ternary },
  ],
  [
    '4-16-3 in E2M3FN',
    {
      network: {
        inputs: [
          ['51/10', '7/2', '7/5', '1/5'].map((x) =>
            String(Math.round(16 * toDouble(parseExact(x))) / 16),
          ),
        ],
        layers: [relu(16), out(3)],
      },
      format: 'e2m3fn',
    },
  ],
];

for (const [name, body] of COUNTED) {
  test(`${name}: every estimator agrees with the exact count`, () => {
    const exact = resultLocally(planned({ ...body, mode: 'exhaustive' }));
    assert.equal(exact.mode, 'exhaustive');
    for (const method of ['plain', 'conditional', 'union']) {
      const result = sampled({
        ...body,
        // One in ten million: a miss would be no accident.
        sampling: { method, samples: 3000, confidence: '9999999/10000000', seed: 5 },
      });
      assert.equal(result.method, method);
      assert.equal(result.samples, '3000');
      assert.equal(result.stoppedBy, 'samples');
      for (const set of ['touched', 'nonDifferentiable', 'incorrect'] as const) {
        const { lower, upper } = result.density[set];
        const density = toDouble(parseExact(exact.density[set].exact));
        assert.ok(lower <= density && density <= upper, `${method} ${set} ${String(density)}`);
        assert.ok(upper > 0, 'no event is an upper bound');
      }
      assert.ok(result.bounds.every(({ holds }) => holds !== false));
      const total = BigInt(exact.space.size);
      result.neurons.forEach(({ touched }, k) => {
        const counted = exact.neurons[k];
        assert.ok(counted !== undefined);
        const share = toDouble(parseExact(`${counted.touched}/${String(total)}`));
        assert.ok(
          touched.lower <= share && share <= touched.upper,
          `${method} neuron ${String(k)}`,
        );
      });
    }
  });
}

const isResult = new Ajv2020({ strict: false, validateFormats: false }).compile(ResultSchema);

test('any cut of the samples gives the same bytes, and they are a result', () => {
  fc.assert(
    fc.property(
      anyCase({ maxPoints: 300n }),
      fc.constantFrom('plain', 'auto'),
      fc.integer({ min: 1, max: 300 }),
      fc.constantFrom(null, '1/2', '1/10'),
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.integer(), { minLength: 12, maxLength: 12 }),
      ({ body }, method, samples, relativeError, shards, order) => {
        const sampling = {
          method,
          samples,
          seed: '12345678901234567890',
          ...(relativeError === null ? {} : { relativeError }),
        };
        const plan = planned({ ...body, mode: 'sampled', sampling });
        const whole = runLocally({ ...plan, shards: 1 });
        const cut = { ...plan, shards };
        // As workers do: in any order, each with nothing known of the others.
        const parts = shardsOf(cut)
          .map((shard, k) => ({
            tally: runShard(cut, shard, () => undefined),
            at: order[k] ?? 0,
          }))
          .sort((a, b) => a.at - b.at)
          .map(({ tally }) => tally);
        assert.equal(resultText(cut, mergeTallies(cut, parts)), whole);
        // And in order, leaving out what is settled.
        assert.equal(runLocally(cut), whole);
        assert.ok(isResult(JSON.parse(whole)), JSON.stringify(isResult.errors?.slice(0, 3)));
        for (const part of parts) assert.equal(tallyToText(tallyFromText(part)), part);
      },
    ),
    runs(40),
  );
});

test('a shard that was broken off leaves nothing behind', () => {
  const network = { inputs: [[1, -2]], layers: [relu(4), relu(4), out(1)] };
  const sampling = { samples: 640, seed: 3, method: 'conditional' };
  const plan = planned({ network, format: 'e4m3fn', mode: 'sampled', sampling });
  const [shard] = shardsOf({ ...plan, shards: 1 });
  assert.ok(shard !== undefined);
  const expected = runShard({ ...plan }, shard, () => undefined);
  let calls = 0;
  const broken = (): void => {
    calls += 1;
    if (calls === 10) throw new RangeError('broken off');
  };
  assert.throws(() => runShard(plan, shard, broken), /broken off/);
  assert.equal(
    runShard(plan, shard, () => undefined),
    expected,
  );
});

const SMALL = {
  network: { inputs: [[1]], layers: [relu(2), out(1)] },
  format: 'e2m1fn',
  mode: 'sampled',
};

test('a relative error ends the sampling at the first look that has it', () => {
  const sampling = { relativeError: '1/20', samples: 100_000, method: 'union' };
  const plan = { ...planned({ ...SMALL, sampling }), shards: 30 };
  const result = JSON.parse(runLocally(plan)) as SampledResult;
  assert.equal(result.stoppedBy, 'relativeError');
  const { estimate, lower, upper } = result.density.nonDifferentiable;
  assert.ok(estimate !== null && Number(result.samples) < 100_000);
  assert.ok(upper - estimate <= estimate / 20 && estimate - lower <= estimate / 20);
  // What lies behind is not drawn.
  const texts: string[] = [];
  for (const shard of shardsOf(plan)) {
    const ending = { before: texts, isOver: () => false };
    texts.push(runShard(plan, shard, () => undefined, ending));
  }
  const tallies = texts.map(tallyFromText);
  const ended = tallies.map((tally) => (tally.kind === 'sample' ? tally.tally.ended : ''));
  assert.ok(ended.includes('settled') && ended.lastIndexOf('whole') < ended.indexOf('settled'));
  assert.deepEqual(
    texts.map(isDetermined),
    ended.map((one) => one === 'whole'),
  );
});

test('time ends the sampling at the last look that is complete', () => {
  const sampling = { seconds: 3600, method: 'union', samples: 100_000 };
  const plan = { ...planned({ ...SMALL, sampling }), shards: 4 };
  const run = (spare: number): SampledResult => {
    let asked = 0;
    const ending = { before: [], isOver: () => (asked += 1) > spare };
    const parts = shardsOf(plan).map((shard) => runShard(plan, shard, () => undefined, ending));
    const result = resultOf(plan, mergeTallies(plan, parts));
    assert.equal(result.mode, 'sampled');
    assert.ok(isResult(result), JSON.stringify(isResult.errors?.slice(0, 3)));
    return result;
  };
  const some = run(200);
  assert.equal(some.stoppedBy, 'time');
  assert.equal(some.seconds, 3600);
  // 199 times 16 samples were drawn; the looks before that are at …, 2807, 3508.
  assert.equal(some.samples, '2807');
  const none = run(0);
  assert.equal(none.samples, '0');
  assert.equal(none.density.nonDifferentiable.estimate, null);
  assert.equal(none.density.nonDifferentiable.lower, 0);
  assert.ok(none.density.nonDifferentiable.upper > 0.13);
  // Samples are never missing without a time limit.
  const untimed = { ...plan, question: { ...plan.question } };
  assert.ok(untimed.question.sampling !== undefined);
  const question = {
    ...untimed.question,
    sampling: { ...untimed.question.sampling, seconds: null },
  };
  const cut = shardsOf(plan).map((shard) =>
    runShard(plan, shard, () => undefined, { before: [], isOver: () => true }),
  );
  assert.throws(
    () => resultOf({ ...plan, question }, mergeTallies(plan, cut)),
    /no time limit was set/,
  );
});

test('a missing or repeated shard is refused', () => {
  const plan = { ...planned({ ...SMALL, sampling: { samples: 200 } }), shards: 4 };
  const parts = shardsOf(plan).map((shard) => runShard(plan, shard, () => undefined));
  assert.throws(() => mergeTallies(plan, parts.slice(1)), /parts were done/);
  assert.throws(() => mergeTallies(plan, [...parts, parts[0] ?? '']), /parts were done/);
});

test('samples that contradict a theorem beyond chance fail the job', () => {
  const sampling = { samples: 2000, method: 'plain' };
  const plan = planned({ ...SMALL, sampling });
  const text = runShard(plan, shardsOf(plan)[0]!, () => undefined);
  const forged = tallyFromText(text);
  assert.ok(forged.kind === 'sample');
  const sums = new Map(
    [...forged.tally.sums].map(([look, batch]) => [
      look,
      // Every point incorrect, where L-inc says that none is.
      {
        ...batch,
        measures: batch.measures.map((sum, k) =>
          k === 3 || k === 4
            ? { first: BigInt(batch.samples), second: BigInt(batch.samples) }
            : sum,
        ),
      },
    ]),
  );
  const tally = tallyToText({ kind: 'sample', tally: { ...forged.tally, sums } });
  assert.throws(() => resultOf(plan, tally), /contradicts L-inc/);
});

test('around a checkpoint: counted and sampled alike, and what moves at all', () => {
  const around = { radius: 1, parameters: ['1/2', '0', '-1', '3', '6', '0', '0'] };
  const exact = resultLocally(planned({ ...SMALL, mode: 'exhaustive', around }));
  assert.equal(exact.mode, 'exhaustive');
  // Three values each, but two at 6, where the format ends.
  assert.equal(exact.space.size, String(3 ** 6 * 2));
  const density = toDouble(parseExact(exact.density.nonDifferentiable.exact));
  assert.ok(density > 0);
  for (const method of ['plain', 'conditional', 'union']) {
    const confidence = '9999999/10000000';
    const result = sampled({ ...SMALL, around, sampling: { method, samples: 3000, confidence } });
    const { lower, upper } = result.density.nonDifferentiable;
    assert.equal(result.space.size, exact.space.size);
    assert.ok(lower <= density && density <= upper, method);
  }
  const still = resultLocally(
    planned({ ...SMALL, mode: 'exhaustive', around: { ...around, radius: 0 } }),
  );
  assert.equal(still.space.size, '1');
  const fixed = sampled({ ...SMALL, around: { ...around, radius: 0 }, sampling: { samples: 70 } });
  assert.equal(fixed.space.size, '1');
  const { exact: sure } = fixed.density.nonDifferentiable;
  assert.equal(sure, still.mode === 'exhaustive' ? still.density.nonDifferentiable.exact : '');
  // Out of reach around a checkpoint: no other format is offered, since it has other values.
  const far = parseRequest({
    network: { inputs: [[1, 2]], layers: [relu(8), relu(8), out(1)] },
    format: 'bfloat16',
    mode: 'exhaustive',
    around: { radius: 100, parameters: Array<string>(105).fill('1.0078125') },
  });
  assert.ok(far.ok);
  const refused = planOf(far.question, LIMITS);
  assert.ok(!refused.ok);
  assert.deepEqual(refused.refusal.extensions['nearest'], { mode: 'sampled', format: null });
  const bounds = resultLocally(planned({ ...SMALL, mode: 'bounds', around }));
  assert.equal(bounds.bounds.find(({ id }) => id === 'L-ndf')?.exact, '2/3');
});

function faults(body: object): string[] {
  const parsed = parseRequest({ ...SMALL, ...body });
  assert.ok(!parsed.ok, 'it is refused');
  return parsed.faults.map(({ pointer, code, detail }) => `${pointer} ${code}: ${detail}`);
}

test('hostile settings are refused, naming field and value', () => {
  const refusals: readonly (readonly [object, RegExp])[] = [
    [{ sampling: { seed: -1 } }, /^\/sampling\/seed out-of-range: -1 is no integer/],
    [{ sampling: { seed: '1e3' } }, /^\/sampling\/seed out-of-range: "1e3" is no/],
    [{ sampling: { seed: String(2n ** 64n) } }, /^\/sampling\/seed out-of-range/],
    [{ sampling: { seed: 2 ** 53 } }, /^\/sampling\/seed out-of-range/],
    [{ sampling: { confidence: 1 } }, /^\/sampling\/confidence out-of-range: 1 is not from/],
    [{ sampling: { confidence: '0' } }, /^\/sampling\/confidence out-of-range/],
    [{ sampling: { confidence: '-1/2' } }, /^\/sampling\/confidence out-of-range/],
    [{ sampling: { confidence: '0.9999999999' } }, /^\/sampling\/confidence out-of-range/],
    [{ sampling: { confidence: '1/0' } }, /^\/sampling\/confidence invalid-number/],
    [{ sampling: { relativeError: 0 } }, /^\/sampling\/relativeError out-of-range: 0 is not/],
    [{ sampling: { relativeError: '3/2' } }, /^\/sampling\/relativeError out-of-range/],
    [{ parameters: ['0'] }, /^\/parameters unused-parameters/],
    [{ mode: 'exhaustive', sampling: {} }, /^\/sampling unused-sampling/],
    [{ around: { radius: 1, parameters: ['0'] } }, /^\/around\/parameters shape-mismatch/],
    [
      { around: { radius: 1, parameters: ['0', '0', '0', '0', '0', '5/4', '0'] } },
      /^\/around\/parameters\/5 not-representable: 5\/4/,
    ],
    [
      {
        network: { inputs: [[1], [2]], layers: [relu(1), out(1)] },
        sampling: { method: 'conditional' },
      },
      /^\/sampling\/method method-does-not-apply: .*one input/,
    ],
    [
      {
        network: {
          inputs: [[1]],
          layers: [relu(2, { bias: false, weight: [[{ param: 'w' }], [{ param: 'w' }]] }), out(1)],
        },
        sampling: { method: 'union' },
      },
      /^\/sampling\/method method-does-not-apply: .*parameter of its own/,
    ],
  ];
  for (const [body, expected] of refusals) {
    const found = faults(body);
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.match(found[0] ?? '', expected);
  }
  assert.match(
    faults({
      mode: 'point',
      parameters: Array(7).fill('0'),
      around: { radius: 1, parameters: [] },
    })[0] ?? '',
    /unused-around/,
  );
});

test('settings have defaults, and equal settings are equal text', () => {
  const of = (sampling: object | undefined): unknown => {
    const parsed = parseRequest({ ...SMALL, ...(sampling === undefined ? {} : { sampling }) });
    assert.ok(parsed.ok);
    return parsed.question.sampling;
  };
  const defaults = {
    method: 'auto',
    samples: null,
    seed: '0',
    confidence: '99/100',
    relativeError: '1/20',
    seconds: null,
  };
  assert.deepEqual(of(undefined), defaults);
  assert.deepEqual(of({ seed: '000', confidence: '0.99', relativeError: '0.05' }), defaults);
  assert.deepEqual(of({ samples: 10 }), { ...defaults, samples: '10', relativeError: null });
});

test('the planner takes what fits, and says what would', () => {
  const parsed = parseRequest({ ...SMALL, sampling: { samples: 10 ** 12 } });
  assert.ok(parsed.ok);
  const refused = planOf(parsed.question, LIMITS);
  assert.ok(!refused.ok);
  assert.equal(refused.refusal.code, 'too-many-samples');
  const most = Number(refused.refusal.extensions['maxSamples']);
  const fits = planned({ ...SMALL, sampling: { samples: most } });
  assert.equal(fits.range, String(most));
  const planning = planningOf(parsed.question, LIMITS);
  assert.equal(planning.accepted, false);
  assert.deepEqual(
    planning.methods.map(({ method, applies }) => [method, applies]),
    [
      ['conditional', true],
      ['union', true],
      ['plain', true],
    ],
  );
  // A time limit bounds the work by itself.
  const timed = planned({ ...SMALL, sampling: { samples: 10 ** 12, seconds: 5 } });
  assert.equal(timed.range, String(10 ** 12));
  // Where nothing can be counted, samples are the nearest that is not refused.
  const wide = { network: { inputs: [[1, 2]], layers: [relu(8), relu(8), out(1)] } };
  const out_of_reach = parseRequest({ ...wide, format: 'bfloat16', mode: 'exhaustive' });
  assert.ok(out_of_reach.ok);
  const large = planOf(out_of_reach.question, LIMITS);
  assert.ok(!large.ok);
  assert.equal(large.refusal.extensions['largestMode'], 'sampled');
  assert.equal(planned({ ...wide, format: 'bfloat16', mode: 'sampled' }).method, 'conditional');
});
