import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderMarkdown } from '../../src/report/markdown.js';
import type { ExhaustiveResult } from '../../src/schemas/result.js';
import { CERTIFIED, EXHAUSTIVE, HOSTILE, JOB, POINT } from './results.js';

const headings = (text: string): string[] =>
  text.split('\n').flatMap((line) => (line.startsWith('## ') ? [line.slice(3)] : []));

test('an exhaustive report tells its story in order', () => {
  const text = renderMarkdown(EXHAUSTIVE, JOB);
  assert.deepEqual(headings(text), [
    'The question',
    'The space',
    'Counts, densities and bounds',
    'Neuron by neuron',
    'Witnesses to check by hand',
    'What was proved, and by which theorem',
    'What was computed',
    'Glossary',
  ]);
  assert.match(
    text,
    /> \*\*Of the 170859375 parameter vectors, the function has no derivative at 20601000; at all others automatic differentiation is right\.\*\*/,
  );
  assert.match(text, /every parameter: `e2m1fn`, \\\|M\\\| = 15 distinct finite real values/);
  assert.match(text, /\| not differentiable \(ndf\) \| 20601000 \| 6104\/50625 \| ≈ 0\.120573 \|/);
  assert.match(text, /density ≤ first moment ≤ theorem/);
  assert.match(text, /\| second moment \|/);
  assert.match(text, /\| irrelevance \| .* \| 2\/225 \|/);
  assert.match(text, /\| all \| theorem less density \| 646\/50625 \|/);
  assert.match(text, /relevant counts add up to 21262500; over \\\|Ω\\\| that is the first moment/);
  assert.ok(text.includes('y₀[1] = w₀[1,0]·x₀ + b₀[1]\n      = (-6)·(1) + (6)\n      = 0\n'));
  assert.match(text, /\*\*L-ndf\*\* — .* It applies: every layer has bias parameters\./);
  assert.match(text, /\*\*P-5\*\* — .* It does not apply:/);
});

test('numbers that contradict each other are called out, not smoothed over', () => {
  const broken: ExhaustiveResult = {
    ...EXHAUSTIVE,
    firstMoment: { exact: '1/225', value: 1 / 225 },
    witnesses: [{ ...EXHAUSTIVE.witnesses[0]!, neurons: [{ layer: 0, unit: 0 }] }],
  };
  const text = renderMarkdown(broken, JOB);
  assert.match(text, /THE STEPS DO NOT ASCEND/);
  assert.match(text, /NOT the first moment/);
  assert.match(text, /gave no pre-activation on a kink/);
});

test('a point where AD is wrong shows both matrices and the refutation', () => {
  const text = renderMarkdown(POINT, JOB);
  assert.match(text, /returns something else than its derivative/);
  assert.match(text, /AD differs from the derivative in 1 of 1 entries/);
  assert.match(text, /\| `f\[0\]` \| `w` \| 0 \| 1 \|/);
  assert.match(text, /refuted\.\*\* Why: AD lies outside the outer hull/);
  assert.match(text, /the second number is right and exceeds the first/);
  assert.ok(text.includes('y₀[1] = (-1)·w·x₀\n      = (-1)·(0)·(1)\n      = 0\n'));
});

test('a certificate is told in words and added up again', () => {
  const text = renderMarkdown(CERTIFIED, JOB);
  assert.match(text, /convex combination of 2 limits of derivatives/);
  assert.match(text, /equals AD’s matrix entry by entry/);
  assert.match(text, /direction d with w by -1, and nothing else moved/);
  const forged = {
    ...CERTIFIED,
    clarke: {
      ...CERTIFIED.clarke,
      certificate: {
        kind: 'convex-combination' as const,
        vertices: [{ weight: '1', direction: ['1'], gradient: [['1']] }],
      },
    },
  };
  assert.match(renderMarkdown(forged, JOB), /the combination is NOT AD’s matrix/);
});

test('what came from outside cannot become markup', () => {
  const text = renderMarkdown(HOSTILE, JOB);
  // Outside code spans every "<" is escaped.
  const withoutCode = text.replace(/`[^`\n]*`/g, '');
  assert.doesNotMatch(withoutCode, /(?<!\\)<script/);
  assert.doesNotMatch(withoutCode, /(?<!\\)<img/);
  assert.doesNotMatch(withoutCode, /(?<!\\)\[a\]/);
  const row = text.split('\n').find((line) => line.startsWith('| 0 | dense'));
  assert.equal(row?.match(/(?<!\\)\|/g)?.length, 7);
});

test('huge numbers are shortened where they stand and listed in full once', () => {
  const text = renderMarkdown(HOSTILE, JOB);
  const full = `1${'0'.repeat(4000)}`;
  assert.match(text, /= 10000000…000000 \(4001 digits\) \\\[\d+\\\] = 1e4000, log₁₀/);
  assert.equal(text.split(`\`${full}\``).length, 2);
});

test('rendering twice gives the same text', () => {
  assert.equal(renderMarkdown(EXHAUSTIVE, JOB), renderMarkdown(EXHAUSTIVE, JOB));
});
