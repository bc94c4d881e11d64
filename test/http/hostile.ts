/**
 * Bodies that nobody means well with: drawn from the schemas themselves, spoilt in one place, or
 * spoilt byte by byte; and a run of them against the whole service in one process, with the real
 * plan and its threads over a queue in memory.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { KindGuard, type TSchema } from '@sinclair/typebox';
import fc from 'fast-check';
import { pino } from 'pino';
import { buildApp } from '../../src/app.js';
import type { App } from '../../src/http/dependencies.js';
import { REQUEST_EXAMPLES } from '../../src/http/examples.js';
import { openPlanner } from '../../src/planner/planner.js';
import { ExactTextSchema } from '../../src/schemas/exact.js';
import { ACTIVATION_NAMES, ParameterNameSchema } from '../../src/schemas/network.js';
import { AnalyzeSchema } from '../../src/schemas/request.js';
import { exchangeFaults, read } from './declared.js';
import { fakeQueue } from './fake-queue.js';
import { fakeNetworks, fakeReplies, fakeWebhooks } from './fake-stores.js';
import { SETTINGS } from './harness.js';

/** What lists and numbers of a body are drawn up to; larger ones have tests of their own. */
const ITEMS_MAX = 4;

const TEXTS = fc.oneof(
  fc.constantFrom(...ACTIVATION_NAMES, 'e2m1fn', 'e4m3fn', 'int4', 'ternary', 'pytorch', 'jax'),
  fc.constantFrom('0', '-1', '1/3', '2.5', '1e-9', '1e9999', '1/0', '0/0', 'NaN', '-0', '1e400000'),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    '${1}',
    '"); process.exit();//',
    '\u0000',
  ),
  fc.string({ maxLength: 8, unit: 'grapheme' }),
);

const NUMBERS = fc.oneof(
  fc.integer({ min: -3, max: 6 }),
  fc.double(),
  fc.constantFrom(0, -0, 1e308, 5e-324, 2 ** 53, -1, 4096, 65_536),
);

/** Texts that fit, by the pattern of the field or, where it has none, its length. */
const FITTING: readonly { readonly of: unknown; readonly texts: readonly string[] }[] = [
  {
    of: ExactTextSchema.pattern,
    texts: ['0', '1', '-1', '1/2', '-2/3', '0.75', '1e3', '-0.5e-3', '7', '1e9999', '1/0'],
  },
  { of: ParameterNameSchema.pattern, texts: ['w', 'v', 'layer.0.weight[1]'] },
  { of: 64, texts: [...ACTIVATION_NAMES, 'relu', 'e2m1fn', 'int2', 'e2m1fn', 'pytorch', 'left'] },
  { of: 2048, texts: ['https://receiver.example/hook'] },
];

/** Values that the schema takes, mostly: patterns and bounds beyond small ones are not looked at. */
function drawnFrom(schema: TSchema): fc.Arbitrary<unknown> {
  if (KindGuard.IsUnion(schema)) return fc.oneof(...schema.anyOf.map(drawnFrom));
  if (KindGuard.IsLiteral(schema)) return fc.constant(schema.const);
  if (KindGuard.IsInteger(schema)) {
    const least = schema.minimum ?? -4;
    return fc.oneof(
      {
        weight: 9,
        arbitrary: fc.integer({ min: least, max: Math.min(least + 8, schema.maximum ?? 9) }),
      },
      { weight: 1, arbitrary: fc.constantFrom(schema.maximum ?? 9, least) },
    );
  }
  if (KindGuard.IsNumber(schema)) return NUMBERS;
  if (KindGuard.IsBoolean(schema)) return fc.boolean();
  if (KindGuard.IsString(schema)) {
    const fitting = FITTING.find(({ of }) => of === schema.pattern || of === schema.maxLength);
    if (fitting === undefined) return TEXTS;
    return fc.oneof(
      { weight: 24, arbitrary: fc.constantFrom(...fitting.texts) },
      { weight: 1, arbitrary: TEXTS },
    );
  }
  if (KindGuard.IsArray(schema)) {
    const minLength = schema.minItems ?? 0;
    return fc.array(drawnFrom(schema.items), {
      minLength,
      maxLength: Math.max(minLength, ITEMS_MAX),
    });
  }
  if (KindGuard.IsObject(schema)) {
    const fields = Object.entries(schema.properties);
    const arbitraries = Object.fromEntries(fields.map(([name, field]) => [name, drawnFrom(field)]));
    return fc.record(arbitraries, { requiredKeys: schema.required ?? [] });
  }
  if (KindGuard.IsRecord(schema)) {
    const [values] = Object.values(schema.patternProperties);
    return fc.dictionary(TEXTS, values === undefined ? fc.constant(1) : drawnFrom(values), {
      maxKeys: 3,
    });
  }
  return fc.jsonValue({ maxDepth: 1 });
}

/** Texts that stand where any value may. */
const SPOILT = [
  ...['NaN', '-0', '1e400000', '1e-400000', '1E9999', '"1e9999"', '"1/0"', '"\\ud800"', '-', '01'],
  ...['{"__proto__":1}', '{"a":1,"a":2}', '[[[[[[[[[[[[1]]]]]]]]]]]]', '"'.repeat(3), '\\', 'null'],
  ...[
    '1'.repeat(5000),
    `"${'9'.repeat(5000)}"`,
    `"1/${'3'.repeat(2000)}"`,
    '[]',
    '{}',
    'true',
    '4e3',
  ],
  ...['{"ref":"sha256:x"}', '"\\u0000"', `"${'x'.repeat(3000)}"`, '9007199254740993', '"0x1p3"'],
];

interface Edit {
  readonly at: number;
  readonly length: number;
  readonly by: string;
}

const edits = fc.array(
  fc.record({
    at: fc.nat(),
    length: fc.nat({ max: 12 }),
    by: fc.oneof(
      fc.constantFrom(...SPOILT),
      fc.string({ maxLength: 6, unit: 'binary' }),
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"', ' ', '\n'),
    ),
  }),
  { minLength: 1, maxLength: 3 },
);

function edited(text: string, changes: readonly Edit[]): Buffer {
  let bytes = Buffer.from(text);
  for (const { at, length, by } of changes) {
    const place = at % (bytes.length + 1);
    bytes = Buffer.concat([
      bytes.subarray(0, place),
      // As single bytes, so that what is no UTF-8 comes about too.
      Buffer.from(by, at % 2 === 0 ? 'utf8' : 'latin1'),
      bytes.subarray(place + length),
    ]);
  }
  return bytes;
}

/** One value of a text, whichever, in the place of which another text stands. */
function replaced(text: string, place: number, by: string): Buffer {
  const values = [
    ...text.matchAll(/(?<=[:[,])(?:"(?:[^"\\]|\\.)*"(?!:)|-?[0-9.eE+-]+|true|false|null)/g),
  ];
  const chosen = values[place % Math.max(1, values.length)];
  if (chosen === undefined) return Buffer.from(by);
  const end = chosen.index + chosen[0].length;
  return Buffer.from(`${text.slice(0, chosen.index)}${by}${text.slice(end)}`);
}

const drawn = drawnFrom(AnalyzeSchema).map((value) => JSON.stringify(value));
const given = fc.constantFrom(
  ...Object.values(REQUEST_EXAMPLES).map(({ request }) => JSON.stringify(request)),
);
const text = fc.oneof(drawn, given);

/** Bodies of all kinds. */
export const hostileBody: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 1, arbitrary: given.map((body) => Buffer.from(body)) },
  { weight: 4, arbitrary: drawn.map((body) => Buffer.from(body)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(text, fc.nat(), fc.constantFrom(...SPOILT))
      .map((parts) => replaced(...parts)),
  },
  { weight: 3, arbitrary: fc.tuple(text, edits).map((parts) => edited(...parts)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
);

const ROUTES = ['/analyze', '/analyze', '/analyze', '/plan', '/bounds', '/networks'] as const;

export interface HostileRun {
  readonly bodies: number;
  /** How many answers of each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers of status 500 and above, and those that the document does not declare. */
  readonly faults: readonly string[];
  readonly longestAnswerMs: number;
  /** The longest time that the event loop was not free. */
  readonly longestBlockMs: number;
  /** Of the heap, from a tenth of the run to its end. */
  readonly growthBytes: number;
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

async function hostileService(): Promise<{
  app: App;
  forget: () => Promise<void>;
  close: () => Promise<void>;
}> {
  const planner = openPlanner({ threads: 2, deadlineMs: 1000 });
  const queue = fakeQueue();
  const app = await buildApp({
    config: { ...SETTINGS, bodyLimitBytes: 65_536, maxVisits: 2n ** 32n },
    queue,
    replies: fakeReplies(),
    networks: { ...fakeNetworks() },
    webhooks: { ...fakeWebhooks(), attach: () => Promise.resolve(true) },
    log: pino({ level: 'silent' }),
    analysis: planner,
    catalogue: { formats: [], format: () => null, activations: [] },
    reports: {
      markdown: () => '',
      html: () => Promise.resolve(''),
      junit: () => '',
      sarif: () => '',
      htmlPolicy: '',
    },
  });
  return {
    app,
    forget: () => queue.close(),
    close: async () => {
      await app.close();
      await planner.close();
    },
  };
}

/** Tries that many bodies, two at a time; the same seed tries the same ones. */
export async function tryHostileBodies(bodies: number, seed: number): Promise<HostileRun> {
  const { app, forget, close } = await hostileService();
  const statuses: Record<string, number> = {};
  const faults: string[] = [];
  let longestAnswerMs = 0;
  const delay = monitorEventLoopDelay({ resolution: 10 });
  let longestBlockMs = 0;

  const tryOne = async (body: Buffer, at: number): Promise<void> => {
    const url = ROUTES[at % ROUTES.length] ?? '/analyze';
    const start = performance.now();
    const headers = { 'content-type': 'application/json' };
    const answer = await app.inject({ method: 'POST', url, headers, payload: body });
    longestAnswerMs = Math.max(longestAnswerMs, performance.now() - start);
    statuses[String(answer.statusCode)] = (statuses[String(answer.statusCode)] ?? 0) + 1;
    const { statusCode: status } = answer;
    const found = exchangeFaults(app, 'POST', url, {
      ...read(answer.headers, answer.payload),
      status,
      headers: answer.headers,
    });
    if (status >= 500) found.push(`${url} answered ${String(status)}: ${answer.payload}`);
    faults.push(...found.map((fault) => `${fault} to ${body.toString('base64').slice(0, 2000)}`));
  };

  const batch = 200;
  let heapBefore = 0;
  for (let done = 0; done < bodies; done += batch) {
    const many = Math.min(batch, bodies - done);
    const drawnBodies = fc.sample(hostileBody, { numRuns: many, seed: seed + done });
    delay.reset();
    delay.enable();
    for (let at = 0; at < many; at += 2) {
      const pair = drawnBodies.slice(at, at + 2);
      await Promise.all(pair.map((body, n) => tryOne(body, done + at + n)));
    }
    delay.disable();
    longestBlockMs = Math.max(longestBlockMs, delay.max / 1e6);
    await forget();
    if (heapBefore === 0 && done + batch >= bodies / 10) heapBefore = heapAfterCollection();
    if (faults.length > 20) break;
  }
  const growthBytes = heapAfterCollection() - heapBefore;
  await close();
  return { bodies, statuses, faults, longestAnswerMs, longestBlockMs, growthBytes };
}

/** The figures of a run, on one line. */
export function hostileFigures(run: HostileRun): string {
  const statuses = Object.entries(run.statuses).map(
    ([status, count]) => `${status}: ${String(count)}`,
  );
  return `${String(run.bodies)} bodies tried (${statuses.join(', ')}); faults ${String(run.faults.length)}; longest answer ${run.longestAnswerMs.toFixed(0)} ms, event loop held at most ${run.longestBlockMs.toFixed(0)} ms, heap grew ${(run.growthBytes / 2 ** 20).toFixed(1)} MiB`;
}
