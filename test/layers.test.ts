/**
 * Who may import whom: the table below is the architecture, this test keeps the code to it.
 *
 * Inside the engine the order is strict: a layer sees those before it, never a sibling, so that the
 * judge (truth) shares no code with the accused (ad). Everything else sees what its row names.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult } from 'dependency-cruiser';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** One import: paths from the root, or the name of a package, or `node:` with a module of Node's. */
interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** From the bottom up; those of one row are siblings and do not see each other. */
const ENGINE: readonly (readonly string[])[] = [
  ['engine/errors'],
  ['engine/num'],
  ['engine/format'],
  ['engine/net'],
  ['engine/ad', 'engine/truth', 'engine/theorem', 'engine/filter'],
  ['engine/verdict'],
  ['engine/analytic'],
  ['engine/tally'],
  ['engine/count', 'engine/examine'],
  // Draws points on the grid of the counts, and calls their kernel.
  ['engine/sample'],
  ['engine/index'],
];

/** Packages that a folder or one file of the engine may import: kept numeric ones, and no other. */
const ENGINE_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'engine/sample': ['@stdlib/*'],
  'src/engine/num/mpfr.ts': ['gmp-wasm'],
};

/**
 * What each layer outside the engine may import: layers, packages (`fastify`, `@fastify/*`), and
 * Node's modules (`node:*`). After `type ` only types may come from it.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  schemas: ['@sinclair/typebox'],
  plan: ['engine/index', 'type schemas', 'canonicalize', 'node:crypto'],
  // Exact numbers and nothing else of the engine: a report that rounds would not be exact, and a
  // second implementation of rationals would be worse than this arrow.
  report: [
    'type plan',
    'type schemas',
    'engine/num',
    'vega',
    'vega-lite',
    'xmlbuilder2',
    'node:crypto',
  ],
  'queue/job-queue': ['type plan', 'type schemas', 'node:crypto'],
  queue: [
    ...['plan', 'type schemas', 'queue/job-queue', 'type config', 'bullmq', 'ioredis'],
    ...['@sinclair/typebox', 'canonicalize', 'prom-client', 'type pino', 'node:*'],
  ],
  http: [
    ...['plan', 'planner', 'schemas', 'report', 'queue/job-queue', 'type config', 'fastify'],
    ...['@fastify/*', 'jsonc-parser', 'secure-json-parse', 'structured-headers'],
    ...[
      '@sinclair/typebox',
      'fastify-plugin',
      'helmet',
      'lru-cache',
      'prom-client',
      'canonicalize',
    ],
    ...['negotiator', 'fastest-levenshtein', 'access', 'type ioredis', 'node:*'],
  ],
  planner: [...['plan', 'type schemas', 'piscina', 'lru-cache', 'p-limit', 'node:*']],
  // What http says it needs (types), over Redis.
  store: ['type http', 'queue', 'ioredis', 'node:*'],
  webhooks: [
    ...['type http', 'queue', 'queue/job-queue', 'schemas', 'type config', 'bullmq', 'ioredis'],
    ...['ipaddr.js', 'standardwebhooks', 'type pino', 'undici', 'node:*'],
  ],
  app: [
    'http',
    'schemas',
    'type config',
    'type queue/job-queue',
    'fastify',
    '@fastify/*',
    'node:*',
  ],
  access: ['queue', 'queue/job-queue', 'type ioredis', 'node:*'],
  log: ['pino', 'type config'],
  tracing: ['@opentelemetry/*', '@fastify/otel', 'bullmq-otel', 'type bullmq', 'type fastify'],
  config: ['@sinclair/typebox', 'env-schema', 'node:*'],
  redis: ['type config', 'ioredis', 'node:*'],
  keys: ['access', 'config', 'queue', 'redis', 'node:*'],
  'worker-process': ['node:*'],
  server: [
    ...[
      'access',
      'app',
      'log',
      'tracing',
      'config',
      'worker-process',
      'report',
      'queue',
      'queue/job-queue',
      'redis',
      'plan',
      'planner',
      'store',
      'webhooks',
      'type http',
      'ioredis',
      'pino',
    ],
    ...['close-with-grace', 'type fastify', 'node:*'],
  ],
  workers: [
    ...[
      'plan',
      'queue',
      'queue/job-queue',
      'config',
      'log',
      'tracing',
      'type schemas',
      '@sinclair/typebox',
    ],
    ...['bullmq', 'ioredis', 'piscina', 'pino', 'close-with-grace', 'node:*'],
  ],
};

/** Folders that may import anything, and that nothing else may import. */
const OUTSIDE = ['openapi', 'test', 'bench', 'examples'];

/** The layer of a file: its folder or, where a file is a layer of its own, that. */
function layerOf(path: string): string {
  const parts = path.replace(/\.ts$/, '').split('/');
  if (parts[0] !== 'src') return parts[0] ?? '';
  const [, first = '', second = ''] = parts;
  if (first === 'engine') return `engine/${second}`;
  if (first === 'queue' && second === 'job-queue') return 'queue/job-queue';
  return /^(redis(-.*)?|debian)$/.test(first) ? 'redis' : first;
}

function isOurs(target: string): boolean {
  return /^(src|workers|openapi|test|bench|examples)\//.test(target);
}

function insideEngine(from: string, to: string): boolean {
  const level = (layer: string): number => ENGINE.findIndex((row) => row.includes(layer));
  return level(from) >= 0 && level(to) >= 0 && level(to) < level(from);
}

function inRow(row: readonly string[], target: string, typeOnly: boolean): boolean {
  return row.some((entry) => {
    const name = entry.replace(/^type /, '');
    if (name !== entry && !typeOnly) return false;
    return name.endsWith('*') ? target.startsWith(name.slice(0, -1)) : target === name;
  });
}

/** Why the import is against the table; null where it is not. */
function fault({ from, to, typeOnly }: Import): string | null {
  const source = layerOf(from);
  const target = isOurs(to) ? layerOf(to) : to;
  if (OUTSIDE.includes(source) || (isOurs(to) && source === target)) return null;
  const engine = source.startsWith('engine/');
  const allowed = engine
    ? insideEngine(source, target) ||
      [source, from].some((by) => inRow(ENGINE_PACKAGES[by] ?? [], target, typeOnly))
    : inRow(ALLOWED[source] ?? [], target, typeOnly);
  return allowed ? null : `${from} (${source}) imports ${to}${typeOnly ? ' (types)' : ''}`;
}

function importsOf(result: ICruiseResult): Import[] {
  return result.modules
    .filter((module) => isOurs(module.source))
    .flatMap((module) =>
      module.dependencies.map((dependency) => ({
        from: module.source,
        to: nameOf(dependency),
        typeOnly: dependency.dependencyTypes.includes('type-only'),
      })),
    );
}

function nameOf(dependency: ICruiseResult['modules'][number]['dependencies'][number]): string {
  if (dependency.coreModule) return `node:${dependency.module}`;
  if (isOurs(dependency.resolved)) return dependency.resolved;
  // A package by its name: `@scope/name/part` and `name/part` are the package's own affair.
  return dependency.module.split('/', dependency.module.startsWith('@') ? 2 : 1).join('/');
}

/** A path that comes back to where it began; null where there is none. */
function cycleIn(imports: readonly Import[]): string[] | null {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const target of next.get(file) ?? []) {
      const found = visit(target, [...path, file]);
      if (found !== null) return found;
    }
    done.add(file);
    return null;
  };
  for (const file of next.keys()) {
    const found = visit(file, []);
    if (found !== null) return found;
  }
  return null;
}

const folders = ['src', 'workers', 'openapi', 'examples', 'bench'];
const { output } = await cruise(
  folders.filter((folder) => existsSync(join(ROOT, folder))),
  { baseDir: ROOT, tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules' } },
  { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
);
assert.ok(typeof output !== 'string');
const imports = importsOf(output);

test('the cruise saw the sources', () => {
  // With a compiler it does not know, the cruiser sees no module at all and says all is well.
  const seen = new Set(output.modules.map((module) => module.source));
  assert.ok(seen.has('src/config.ts') && seen.has('src/engine/num/rational.ts'));
  assert.ok(
    imports.some(({ from, to }) => from === 'src/redis.ts' && to === 'src/redis-binary.ts'),
  );
  assert.ok(imports.some(({ to, typeOnly }) => to === 'src/config.ts' && typeOnly));
  const unresolved = output.modules
    .flatMap((module) => module.dependencies)
    .filter((dependency) => dependency.couldNotResolve && !dependency.coreModule)
    .map((dependency) => dependency.module);
  assert.deepEqual(unresolved, []);
});

test('every source belongs to a layer of the table', () => {
  const layers = new Set([...ENGINE.flat(), ...Object.keys(ALLOWED), ...OUTSIDE]);
  const homeless = output.modules
    .map((module) => module.source)
    .filter((path) => isOurs(path) && !layers.has(layerOf(path)));
  assert.deepEqual(homeless, []);
});

test('every import follows the table', () => {
  assert.deepEqual(
    imports.map(fault).filter((each) => each !== null),
    [],
  );
});

test('no import comes back to where it began', () => {
  assert.equal(cycleIn(imports), null);
});

test('the table refuses what it is there to refuse', () => {
  const value = (from: string, to: string): Import => ({ from, to, typeOnly: false });
  const types = (from: string, to: string): Import => ({ from, to, typeOnly: true });
  for (const wrong of [
    value('src/engine/truth/walk.ts', 'src/engine/ad/rules.ts'),
    types('src/engine/truth/walk.ts', 'src/engine/ad/rules.ts'),
    value('src/engine/filter/exact.ts', 'src/engine/truth/evaluate.ts'),
    value('src/engine/filter/exact.ts', 'src/engine/ad/rules.ts'),
    value('src/engine/theorem/no-bias.ts', 'src/engine/truth/walk.ts'),
    value('src/engine/num/text.ts', 'src/engine/format/rank.ts'),
    value('src/engine/net/ir.ts', 'src/engine/index.ts'),
    value('src/engine/net/ir.ts', 'src/schemas/network.ts'),
    value('src/engine/net/ir.ts', 'node:fs'),
    value('src/engine/net/ir.ts', 'canonicalize'),
    value('src/engine/net/ir.ts', '@stdlib/stats-base-dists-beta-cdf'),
    value('src/engine/count/space.ts', 'src/engine/sample/draws.ts'),
    value('src/engine/sample/draws.ts', 'canonicalize'),
    value('src/engine/num/interval.ts', 'gmp-wasm'),
    value('src/engine/truth/walk.ts', 'src/engine/analytic/verdict.ts'),
    value('src/engine/truth/analytic/walk.ts', 'src/engine/ad/analytic-rules.ts'),
    value('src/plan/run.ts', 'src/engine/count/kernel.ts'),
    value('src/plan/run.ts', 'bullmq'),
    value('src/plan/run.ts', 'src/schemas/request.ts'),
    value('src/queue/records.ts', 'src/config.ts'),
    value('src/http/errors.ts', 'src/queue/bull-queue.ts'),
    value('src/http/errors.ts', 'src/engine/index.ts'),
    value('src/app.ts', 'src/redis.ts'),
    value('src/server.ts', 'test/arbitraries.ts'),
    types('src/server.ts', 'examples/demo.ts'),
    value('workers/main.ts', 'src/http/errors.ts'),
    value('src/unheard-of.ts', 'src/config.ts'),
  ]) {
    assert.notEqual(fault(wrong), null, `${wrong.from} -> ${wrong.to}`);
  }
  assert.equal(fault(types('src/queue/records.ts', 'src/config.ts')), null);
  assert.equal(fault(value('src/engine/verdict.ts', 'src/engine/truth/walk.ts')), null);
  const ring = [value('a', 'b'), value('b', 'c'), value('c', 'b')];
  assert.deepEqual(cycleIn(ring), ['b', 'c', 'b']);
});
