/**
 * The service: HTTP beside a bare route, shards beside a bare flow, two workers beside one, ten
 * thousand jobs waiting. Writes `bench/service.md`; `--print` prints it instead, for a machine that
 * is busy, and `--only=http`, `throughput`, `scaling` or `backlog` measures that alone and prints.
 * `--rounds=N` and `--seconds=N` are those of HTTP, `--jobs=N` makes another backlog. Ends with 1
 * where a job was lost; no time is asserted.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { privateRedis, type PrivateRedis } from '../test/redis-fixture.js';
import { measureHttp } from './http/measure.js';
import { machineLines } from './machine.js';
import { measureBacklog } from './queue/backlog.js';
import { measureScaling } from './queue/scaling.js';
import { askThroughput } from './queue/throughput.js';
import { document, sections } from './service-figures.js';

const FILE = new URL('../../bench/service.md', import.meta.url);
const PARTS = ['http', 'throughput', 'scaling', 'backlog'] as const;
type Part = (typeof PARTS)[number];

const given = (name: string): string[] =>
  process.argv.flatMap((word) => new RegExp(`^--${name}=(.+)$`).exec(word)?.[1] ?? []);

function numberOf(name: string, otherwise: number): number {
  const [text] = given(name);
  return text === undefined ? otherwise : Number(text);
}

const only = given('only');
const unknown = only.filter((name) => !(PARTS as readonly string[]).includes(name));
if (unknown.length > 0) {
  throw new Error(`--only=${unknown.join(', ')}: the parts are ${PARTS.join(', ')}`);
}

/** What `measure` gives; null where the part is not asked for. */
async function part<T>(name: Part, measure: () => Promise<T>): Promise<T | null> {
  if (only.length > 0 && !only.includes(name)) return null;
  process.stdout.write(`measuring: ${name}\n`);
  return measure();
}

async function withRedis<T>(work: (server: PrivateRedis) => Promise<T>): Promise<T> {
  const server = await privateRedis();
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

/** Versions of what is measured and of what it is held beside. */
async function versions(): Promise<string> {
  const packages = ['fastify', 'bullmq', 'ioredis', 'autocannon'].map((name) => {
    const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    return `${name} ${version}`;
  });
  const told = await withRedis(async ({ url }) => {
    const redis = new Redis(url);
    const info = await redis.info('server');
    redis.disconnect();
    return info;
  });
  const server = /^redis_version:(\S+)/m.exec(told)?.[1] ?? 'of unknown version';
  return [...packages, `Redis ${server}`].join(', ');
}

const figures = {
  http: await part('http', () =>
    withRedis((server) =>
      measureHttp(server, { rounds: numberOf('rounds', 9), seconds: numberOf('seconds', 4) }),
    ),
  ),
  throughput: await part('throughput', () =>
    askThroughput({ shards: 1000, rounds: 15, threads: 2 }),
  ),
  scaling: await part('scaling', () => withRedis((server) => measureScaling(server, 5))),
  backlog: await part('backlog', () =>
    withRedis((server) => measureBacklog(server, numberOf('jobs', 10_000))),
  ),
};

if (only.length > 0) {
  process.stdout.write(`\n${sections(figures)}`);
} else {
  const date = new Date().toISOString().slice(0, 10);
  const text = document(machineLines(await versions()), date, figures);
  if (process.argv.includes('--print')) {
    process.stdout.write(`\n${text}`);
  } else {
    writeFileSync(FILE, text);
    process.stdout.write('written: bench/service.md\n');
  }
}
process.exit(figures.backlog !== null && figures.backlog.lost > 0 ? 1 : 0);
