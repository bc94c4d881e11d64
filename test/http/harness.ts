/**
 * The service over a queue in memory, for tests: the instance, its fakes, and a check that an
 * answer is what the OpenAPI document says. Every instance is closed after the test that made it.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import supertest from 'supertest';
import { buildApp } from '../../src/app.js';
import type { App, Dependencies, HttpSettings } from '../../src/http/dependencies.js';
import type { Question } from '../../src/plan/question.js';
import { renderJunit } from '../../src/report/junit.js';
import { renderSarif } from '../../src/report/sarif.js';
import type { FormatEntry } from '../../src/schemas/catalogue.js';
import type { BoundsResult, Result } from '../../src/schemas/result.js';
import { answerFaults, watchAnswers, type Answer } from './declared.js';
import { fakeQueue, type FakeQueue } from './fake-queue.js';
import { fakeNetworks, fakeReplies, fakeWebhooks } from './fake-stores.js';

const TERNARY: FormatEntry = {
  id: 'ternary',
  name: 'Ternary',
  aliases: ['trit'],
  kind: 'integer',
  bits: 2,
  cardinality: '3',
  cardinalityFlushed: '3',
  link: '/formats/ternary',
  facts: { bits: 2, narrow: true },
  largest: { exact: '1', dyadic: '1', value: 1 },
  least: { exact: '-1', dyadic: '-1', value: -1 },
  smallestNormal: null,
  smallestSubnormal: null,
  hasZero: true,
  closedUnderNegation: true,
  specialCodes: { infinities: '0', nans: '0', signedZero: false },
  sources: [],
  note: null,
  values: ['-1', '0', '1'],
};

export const BOUNDS: BoundsResult = {
  mode: 'bounds',
  engine: 'fake',
  question: { asked: true },
  space: { parameters: 4, size: '81', log10: 1.9, value: 81 },
  bounds: [],
};

/** A result whose text is not what JSON.stringify would make of it again. */
export const STORED = `{"mode":"bounds","engine":"fake","question":{"n":"12345678901234567890"},"space":{"parameters":4,"size":"81","log10":1.90,"value":81},"bounds":[]}`;

const fakeAnalysis: Dependencies['analysis'] = {
  parse(body, defaultMode) {
    const { mode = defaultMode, proxies, format } = body as Record<string, unknown>;
    if (proxies === 'nonsense') {
      return {
        ok: false,
        status: 422,
        code: 'invalid-question',
        detail: 'There is no preset "nonsense".',
        faults: [{ pointer: '/proxies', code: 'unknown-preset', detail: 'no such preset' }],
      };
    }
    return { ok: true, question: { mode, format } as unknown as Question };
  },
  plan(question) {
    if (JSON.stringify(question.format) === '"float64"') {
      return {
        ok: false,
        refusal: {
          status: 422,
          code: 'unprocessable',
          detail: 'The space is out of reach.',
          extensions: { size: '340282366920938463463374607431768211456', largestMode: 'bounds' },
        },
      };
    }
    const plan = {
      engine: 'fake',
      question,
      mode: question.mode,
      method: 'enumeration',
      parameters: 4,
      size: '81',
      range: '81',
      maxOperations: 1e10,
      shards: 1,
    } as const;
    return { ok: true, plan };
  },
  planning: ({ mode }) => ({
    engine: 'fake',
    mode,
    space: { parameters: 4, size: '81', log10: 1.9, value: 81 },
    accepted: true,
    method: 'enumeration',
    shards: 1,
    methods: [],
    refusal: null,
  }),
  bounds: () => BOUNDS,
};

/** Settings of a service in a test. */
export const SETTINGS: HttpSettings = Object.freeze({
  bodyLimitBytes: 4096,
  networkLimitBytes: 65_536,
  // A busy machine must not make tests fail.
  maxEventLoopDelayMs: 0,
  maxInFlight: 1000,
  shutdownGraceMs: 10_000,
  maxVisits: 1000n,
  maxOperations: 1e12,
  maxShards: 4,
});

export interface Service {
  readonly app: App;
  readonly queue: FakeQueue;
  /** Lines the service logged. */
  readonly log: string[];
  readonly api: ReturnType<typeof supertest>;
}

/** A service over fakes; `replace` puts others in their place. */
export async function service(
  context: TestContext,
  replace: Partial<Dependencies> = {},
): Promise<Service> {
  const queue = fakeQueue();
  const log: string[] = [];
  const app = await buildApp({
    config: SETTINGS,
    queue,
    replies: fakeReplies(),
    networks: fakeNetworks(),
    webhooks: fakeWebhooks(),
    log: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    analysis: fakeAnalysis,
    catalogue: {
      formats: [TERNARY].map(({ id, name, aliases, kind, bits, cardinality, link }) => ({
        ...{ id, name, aliases, kind, bits, cardinality, link },
      })),
      format: (name) => (/^(ternary|trit)$/i.test(name) ? TERNARY : null),
      activations: [
        {
          type: 'relu',
          definition: 'max(x, 0)',
          settings: [],
          kinks: [{ at: '0', left: '0', right: '1' }],
          kinksAndZeroBoundary: 1,
          proxies: { pytorch: ['0'], jax: null },
        },
      ],
    },
    reports: {
      markdown: (result: Result, job) => `# ${job.id}: ${result.mode}\n`,
      html: async (result: Result, job) => `<!doctype html><title>${job.id} ${result.mode}</title>`,
      junit: renderJunit,
      sarif: renderSarif,
      htmlPolicy: "default-src 'none'; style-src 'sha256-abc'",
    },
    ...replace,
  });
  const faults = watchAnswers(app);
  context.after(async () => {
    await app.close();
    assert.deepEqual(faults, [], 'answers that the OpenAPI document does not declare');
  });
  return { app, queue, log, api: supertest(app.server) };
}

/** A request that the schema takes. */
export const REQUEST = Object.freeze({
  network: {
    inputs: [[1]],
    layers: [
      { type: 'dense', units: 1, activation: 'relu' },
      { type: 'dense', units: 1 },
    ],
  },
  format: { values: ['-1', '0', '1'] },
  mode: 'exhaustive',
});

/** Posts a question and answers the id of its job. */
export async function newJob({ api }: Service, change: object = {}): Promise<string> {
  const { body } = (await api
    .post('/analyze')
    .send({ ...REQUEST, ...change })
    .expect(202)) as { body: { id: string } };
  return body.id;
}

/** Fails where the answer is not one that the document declares for the operation. */
export function conforms(app: App, operation: string, answer: Answer): void {
  const faults = answerFaults(app, operation, answer);
  assert.deepEqual(faults, [], operation);
}

/** Fails where the answer is not the problem document of this code. */
export function isProblem(answer: Answer, code: string): void {
  assert.equal(answer.type, 'application/problem+json', JSON.stringify(answer.body));
  const body = answer.body as Record<string, unknown>;
  assert.equal(body['code'], code, JSON.stringify(body));
  assert.equal(body['status'], answer.status);
  assert.equal(body['type'], `/problems/${code}`);
  assert.match(String(body['instance']), /^urn:uuid:[0-9a-f-]{36}$/);
  assert.ok(typeof body['title'] === 'string' && typeof body['detail'] === 'string');
}
