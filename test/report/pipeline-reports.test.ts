/**
 * JUnit XML and SARIF against the schemas of those who read them (test/vectors/reports), for results
 * of every mode and verdict; and no consumer can take an undecided rule for a success.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { before, describe } from 'node:test';
import { Ajv, type ValidateFunction } from 'ajv';
import { validateXML } from 'xmllint-wasm';
import { judgedText } from '../../src/plan/gate.js';
import { runLocally } from '../../src/plan/local.js';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import { parsePolicy } from '../../src/plan/policy.js';
import { renderJunit } from '../../src/report/junit.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import { renderSarif } from '../../src/report/sarif.js';
import type { PolicyInput } from '../../src/schemas/policy.js';
import type { Result } from '../../src/schemas/result.js';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const VECTORS = new URL('../../../test/vectors/reports/', import.meta.url);
const JOB = {
  id: 'an_0123456789abcdef',
  createdAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
};
const DENSITY = { nonDifferentiable: { maxDensity: '0' }, incorrect: { maxDensity: '0' } } as const;

const CASES: readonly (readonly [
  string,
  string,
  object,
  PolicyInput | undefined,
  string | undefined,
])[] = [
  ['counted, no policy', 'ternary-1-1-1.request.json', {}, undefined, undefined],
  ['counted, fails', 'seed-p-e2m1.request.json', {}, { ...DENSITY, clarke: 'certified' }, 'fail'],
  ['counted, passes', 'no-bias-right.request.json', {}, { incorrect: { maxDensity: 0 } }, 'pass'],
  ['bounds, inconclusive', 'e2m1-1-2-1.request.json', { mode: 'bounds' }, DENSITY, 'inconclusive'],
  [
    'sampled, fails',
    'e2m1-1-2-1.request.json',
    { mode: 'sampled', sampling: { samples: 500, seed: 1 } },
    DENSITY,
    'fail',
  ],
  [
    'a point, fails',
    'refuted-no-bias.request.json',
    {},
    { adCorrect: true, clarke: 'certified' },
    'fail',
  ],
  ['the iris classifier', 'iris/request.json', {}, { clarke: 'certified' }, 'pass'],
];

async function resultOf(file: string, change: object, input?: PolicyInput): Promise<Result> {
  const body = JSON.parse(await readFile(new URL(file, EXAMPLES), 'utf8')) as object;
  const parsed = parseRequest({ ...body, ...change });
  assert.ok(parsed.ok);
  const planned = planOf(parsed.question, {
    maxVisits: 1n << 24n,
    maxOperations: 1e12,
    maxShards: 8,
  });
  assert.ok(planned.ok);
  const policy = parsePolicy(input, parsed.question.mode);
  assert.ok(policy.ok);
  return JSON.parse(judgedText(policy.policy, runLocally(planned.plan))) as Result;
}

interface Log {
  readonly runs: readonly {
    readonly results: readonly { ruleId: string; kind: string; level: string }[];
  }[];
}

let isSarif: ValidateFunction;
let schema: string;
before(async () => {
  const text = await readFile(new URL('sarif-2.1.0-rtm.5.json', VECTORS), 'utf8');
  // The draft-04 names of the schema's own head; it uses no keyword that draft-07 reads differently.
  const { $schema, id, ...rest } = JSON.parse(text) as Record<string, unknown>;
  assert.ok(typeof $schema === 'string' && typeof id === 'string');
  assert.doesNotMatch(text, /"exclusiveM(in|ax)imum": (true|false)/);
  isSarif = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(rest);
  schema = await readFile(new URL('junit-4.xsd', VECTORS), 'utf8');
});

async function xmlFaults(contents: string): Promise<readonly string[]> {
  const { errors } = await validateXML({
    xml: [{ fileName: 'report.xml', contents }],
    schema: [{ fileName: 'junit-4.xsd', contents: schema }],
  });
  return errors.map(({ message }) => message);
}

for (const [name, file, change, policy, verdict] of CASES) {
  test(`${name}: both reports are valid and say ${verdict ?? 'nothing'} of the policy`, async () => {
    const result = await resultOf(file, change, policy);
    assert.equal(result.verdict, verdict);
    const xml = renderJunit(result, JOB);
    assert.deepEqual(await xmlFaults(xml), []);
    const log = JSON.parse(renderSarif(result, JOB)) as Log;
    assert.ok(isSarif(log), JSON.stringify(isSarif.errors));
    assert.equal(renderJunit(result, JOB), xml);

    const judged = (result.rules ?? []).length;
    const [, failures = '', errors = ''] =
      /<testsuite name="policy" tests="\d+" failures="(\d+)" errors="(\d+)"/.exec(xml) ?? [];
    const ofRules = log.runs[0]!.results.filter(({ ruleId }) => ruleId === 'policy');
    assert.equal(ofRules.length, judged);
    if (verdict === undefined) assert.doesNotMatch(xml, /name="policy"/);
    else assert.equal(Number(failures) + Number(errors) === 0, verdict === 'pass');
    const alarms = ofRules.filter(({ level }) => level === 'error').length;
    assert.equal(alarms, Number(failures) + Number(errors));
    if (verdict === 'inconclusive') assert.ok(Number(errors) > 0 && failures === '0');
    const markdown = renderMarkdown(result, JOB);
    assert.equal(markdown.includes(`## Policy: ${verdict ?? ''}`), verdict !== undefined);
  });
}

describe('the schemas', () => {
  test('refuse what they are there to refuse', async () => {
    assert.notDeepEqual(await xmlFaults('<testsuites><testcase/></testsuites>'), []);
    assert.ok(!isSarif({ version: '2.1.0' }));
    assert.ok(!isSarif({ version: '2.1.0', runs: [{ tool: { driver: { name: 1 } } }] }));
  });

  test('text that XML cannot carry, or would read as markup, is carried as text', async () => {
    const result = await resultOf('ternary-1-1-1.request.json', {}, undefined);
    const [first, ...rest] = result.bounds;
    const why = '</system-out><failure/> & "\u0000\u0008\uD800"';
    const xml = renderJunit({ ...result, bounds: [{ ...first!, why }, ...rest] }, JOB);
    assert.deepEqual(await xmlFaults(xml), []);
    assert.match(xml, /: &lt;\/system-out&gt;&lt;failure\/&gt; &amp; "\uFFFD+"/);
  });
});

test('SARIF has what samples have shown, and no more', async () => {
  const sampling = { samples: 500, seed: 1 };
  const result = await resultOf('e2m1-1-2-1.request.json', { mode: 'sampled', sampling });
  const log = JSON.parse(renderSarif(result, JOB)) as Log;
  // AD is never wrong on this network, so that its interval begins at 0.
  assert.deepEqual(
    log.runs[0]?.results.map(({ ruleId, level }) => [ruleId, level]),
    [['non-differentiable', 'note']],
  );
});
