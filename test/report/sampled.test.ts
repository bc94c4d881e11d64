/** The report of sampled results: intervals beside bounds, rounded outward, and what was not seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { resultLocally } from '../../src/plan/local.js';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import { buildDocument } from '../../src/report/build-document.js';
import type { Table } from '../../src/report/document.js';
import { renderHtml } from '../../src/report/html.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import type { SampledResult } from '../../src/schemas/result.js';
import { runs } from '../arbitraries.js';

const JOB = { id: 'an_1', createdAt: '2026-01-01T00:00:00.000Z', finishedAt: null };

function sampled(rest: object = {}): SampledResult {
  const parsed = parseRequest({
    network: {
      inputs: [[1]],
      layers: [
        { type: 'dense', units: 2, activation: 'relu' },
        { type: 'dense', units: 1 },
      ],
    },
    format: 'e2m1fn',
    mode: 'sampled',
    sampling: { samples: 500, method: 'union' },
    ...rest,
  });
  assert.ok(parsed.ok);
  const planned = planOf(parsed.question, { maxVisits: 1n, maxOperations: 1e12, maxShards: 1 });
  assert.ok(planned.ok);
  const result = resultLocally(planned.plan);
  assert.equal(result.mode, 'sampled');
  return result;
}

test('Markdown and HTML show estimates, intervals, bounds and neurons', async () => {
  const result = sampled();
  const markdown = renderMarkdown(result, JOB);
  for (const expected of [
    /sampled analysis of a 1-2-1 network/,
    /with confidence 0\.99 between 0\.1[0-9]+ and 0\.1[0-9]+/,
    /\| L-ndf \| at most: not differentiable \| 2\/15/,
    /\| agree \|/,
    /no event seen/,
    /Neuron by neuron/,
    /layer 0, unit 1/,
    /Samples used: 500; they ended because all samples of the plan were drawn/,
  ]) {
    assert.match(markdown, expected);
  }
  const html = await renderHtml(result, JOB);
  assert.match(html, /<svg/);
  assert.match(html, /Estimates and intervals beside each bound/);
  assert.equal(await renderHtml(result, JOB), html, 'the same bytes each time');
});

test('a neighbourhood is told, and |M| is not guessed from it', () => {
  const around = { radius: 2, parameters: ['0', '1', '1', '0', '1', '1', '0'] };
  const markdown = renderMarkdown(sampled({ around }), JOB);
  assert.match(markdown, /at most 2 representable values away from/);
  assert.doesNotMatch(markdown, /\\\|M\\\| =/);
});

test('a disagreement at the stated confidence is marked', () => {
  const result = sampled();
  const bounds = result.bounds.map((bound) =>
    bound.id === 'L-ndf' ? { ...bound, holds: false } : bound,
  );
  assert.match(renderMarkdown({ ...result, bounds }, JOB), /DISAGREE at this confidence/);
});

test('no sample in time, and undecided points, are said', () => {
  const result = sampled();
  const none = { estimate: null, exact: null, lower: 0, upper: 0.5 };
  const set = { ...result.density.touched, ...none, samples: '0' };
  const empty: SampledResult = {
    ...result,
    samples: '0',
    stoppedBy: 'time',
    density: {
      touched: set,
      nonDifferentiable: set,
      incorrect: set,
      nonDifferentiableOrIncorrect: set,
    },
    undecided: '1/7',
    firstMoment: null,
    neurons: result.neurons.map((neuron) => ({ ...neuron, touched: none, relevant: none })),
  };
  const markdown = renderMarkdown(empty, JOB);
  assert.match(markdown, /no sample/);
  assert.match(markdown, /a share of about ≈ 0\.142857/);
  assert.match(markdown, /the time was over/);
});

/** The ends of the first set's interval, as printed. */
function printedEnds(result: SampledResult): number[] {
  const table = buildDocument(result, JOB)
    .sections.find(({ id }) => id === 'density')
    ?.blocks.find((block): block is Table => block.kind === 'table');
  return (table?.rows[0] ?? []).slice(2, 4).map(Number);
}

test('printed ends enclose the interval', () => {
  const result = sampled();
  fc.assert(
    fc.property(
      fc.double({ min: 1e-300, max: 1, noNaN: true }),
      fc.double({ min: 1e-300, max: 1, noNaN: true }),
      (a, b) => {
        const [lower, upper] = [Math.min(a, b), Math.max(a, b)];
        const density = {
          ...result.density,
          nonDifferentiable: { ...result.density.nonDifferentiable, lower, upper },
        };
        const [low, high] = printedEnds({ ...result, density });
        assert.ok(low !== undefined && low <= lower && low >= lower * 0.999, String(low));
        assert.ok(high !== undefined && high >= upper && high <= upper * 1.001, String(high));
      },
    ),
    runs(500),
  );
});
