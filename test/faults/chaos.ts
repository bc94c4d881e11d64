/**
 * Chaos: a set of jobs, and faults at random moments in a random order, all drawn from one seed.
 * When the time is over the faults stop, every job is waited for, and every result is compared,
 * byte for byte, with the undisturbed one.
 *
 * Faults: a worker killed, told to end, or frozen longer than its locks last; all workers gone;
 * Redis killed and away; an API killed; the network of API or workers cut or silent; shards
 * delivered twice; jobs cancelled and resumed; the wall clock of Redis and workers set (where the
 * machine has a C compiler). Erased jobs are asked again, so that nothing is found done.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { shardsOf, type Plan } from '../../src/plan/plan.js';
import { planFromText } from '../../src/plan/wire.js';
import { baseIdOf, namesOf, SHARD_QUEUE } from '../../src/queue/names.js';
import type { Job } from '../../src/schemas/job.js';
import { startApi, type ApiProcess } from './processes.js';
import { planOfQuestion, questionBody, undisturbed } from './questions.js';
import { openScene, type Scene } from './scene.js';
import type { Wire } from './wire.js';

export interface ChaosOptions {
  readonly seed: number;
  /** How long faults are injected. */
  readonly seconds: number;
  /** How many jobs are under way at a time. */
  readonly jobs: number;
  /** How long Redis stays away at most. */
  readonly redisAwaySeconds: number;
  readonly say: (line: string) => void;
}

export interface ChaosReport {
  /** How often each fault was injected. */
  readonly faults: Readonly<Record<string, number>>;
  readonly jobsChecked: number;
  /** Jobs that did not succeed, with what they said. */
  readonly lost: readonly string[];
  /** Results that were not those of the undisturbed run. */
  readonly digitsChanged: number;
}

const PREFIX = 'chaos';
const WORKERS = 2;
const SHARDS = 12;
const DAY_SECONDS = 24 * 3600;

/** Numbers in [0, 1) from a seed: mulberry32 (T. Ettinger, public domain). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Asked {
  readonly number: number;
  readonly plan: Plan;
  /** Asked over HTTP, where the service cuts the plan itself. */
  readonly overHttp: boolean;
  readonly answer: string;
}

function askedOf(count: number): Asked[] {
  return Array.from({ length: count }, (_, at) => {
    const number = at + 2;
    const overHttp = at % 3 === 2;
    const plan = planOfQuestion(number, overHttp ? 1 : SHARDS);
    return { number, plan, overHttp, answer: undisturbed(plan) };
  });
}

/** The present processes of the scene, replaced as they die. */
interface Fleet {
  readonly workers: { now: ReturnType<Scene['work']> }[];
  api: ApiProcess;
}

/** What a fault may use. */
interface Ground {
  readonly scene: Scene;
  readonly fleet: Fleet;
  readonly random: () => number;
  readonly options: ChaosOptions;
  readonly asked: readonly Asked[];
}

async function duplicate({ scene, random, asked }: Ground): Promise<void> {
  const socket = scene.store.socket();
  if (socket === null) return;
  const redis = new Redis(socket, { maxRetriesPerRequest: 1 });
  const queue = new Queue(SHARD_QUEUE, { connection: redis, prefix: `{${PREFIX}}` });
  const names = namesOf(`{${PREFIX}}`);
  const { plan: like } = asked[Math.floor(random() * asked.length)]!;
  const id = await redis.hget(names.request(baseIdOf(like)), 'id');
  // As the service cut it.
  const [run = null, hash = null] =
    id === null ? [] : await redis.hmget(names.record(id), 'run', 'plan');
  const text = hash === null ? null : await redis.get(names.plan(hash));
  if (id !== null && run !== null && hash !== null && text !== null) {
    for (const shard of shardsOf(planFromText(text))) {
      const data = { job: id, run, plan: hash, ...shard };
      await queue.add('shard', data, { priority: shard.index + 1 });
    }
  }
  await queue.close();
  redis.disconnect();
}

const someWorker = ({ fleet, random }: Ground): Fleet['workers'][number] =>
  fleet.workers[Math.floor(random() * fleet.workers.length)]!;

async function disturbWire(wire: Wire, how: 'cut' | 'freeze', milliseconds: number): Promise<void> {
  wire[how]();
  await delay(milliseconds);
  wire.mend();
}

const FAULTS: Readonly<Record<string, (ground: Ground) => Promise<void>>> = {
  async 'worker killed'(ground) {
    const worker = someWorker(ground);
    await worker.now.end('SIGKILL');
    await delay(1_000 * ground.random());
    worker.now = ground.scene.work();
  },
  async 'worker told to end'(ground) {
    const worker = someWorker(ground);
    await worker.now.end('SIGTERM');
    worker.now = ground.scene.work();
  },
  async 'worker frozen'(ground) {
    const { now } = someWorker(ground);
    now.signal('SIGSTOP');
    await delay(2_500 + 1_500 * ground.random());
    now.signal('SIGCONT');
  },
  async 'all workers gone'({ scene, fleet, random }) {
    await Promise.all(fleet.workers.map((worker) => worker.now.end('SIGKILL')));
    await delay(3_000 * random());
    for (const worker of fleet.workers) worker.now = scene.work();
  },
  async 'Redis killed'({ scene, random, options }) {
    await scene.store.crash();
    await delay(1_000 * options.redisAwaySeconds * (0.5 + 0.5 * random()));
    await scene.store.start();
  },
  async 'API killed'({ scene, fleet, random }) {
    const { port } = new URL(fleet.api.url);
    await fleet.api.end(random() < 0.5 ? 'SIGKILL' : 'SIGTERM');
    fleet.api = await startApi(scene.environment(scene.apiWire), Number(port));
  },
  'network of the API cut': ({ scene, random }) =>
    disturbWire(scene.apiWire, 'cut', 3_000 * random()),
  'network of the workers cut': ({ scene, random }) =>
    disturbWire(scene.workerWire, 'cut', 3_000 * random()),
  'network of the workers silent': ({ scene, random }) =>
    disturbWire(scene.workerWire, 'freeze', 3_000 * random()),
  'shards delivered twice': duplicate,
  async 'job cancelled and resumed'({ scene, random, asked }) {
    const { plan } = asked[Math.floor(random() * asked.length)]!;
    const { jobs } = await scene.ask((queue) => queue.list({ limit: 100 }));
    const job = jobs.find(({ id }) => id.startsWith(baseIdOf(plan)));
    if (job === undefined) return;
    await scene.ask((queue) => queue.cancel(job.id));
    await delay(500 * random());
    await scene.ask((queue) => queue.resume(job.id));
  },
};

const CLOCK_FAULT = 'wall clock set';

/** The job of a question until it is final; asked over and over, whatever refuses. */
async function answered(
  ground: Ground,
  asked: Asked,
): Promise<{ id: string; text: string | null }> {
  const { scene, fleet } = ground;
  let id: string | null = null;
  while (id === null) {
    if (!asked.overHttp) {
      id = (await scene.ask((queue) => queue.submit(asked.plan))).job.id;
      break;
    }
    const response = await fetch(`${fleet.api.url}/analyze`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(questionBody(asked.number)),
    }).catch(() => null);
    if (response?.ok === true) id = ((await response.json()) as Job).id;
    else await delay(100);
  }
  const sure = id;
  // A job that is cancelled will be resumed by whoever cancelled it.
  for (;;) {
    const record = await scene.final(sure);
    if (record.state !== 'cancelled') {
      if (record.state === 'failed') return { id: sure, text: JSON.stringify(record.error) };
      return { id: sure, text: await scene.ask((queue) => queue.result(sure)) };
    }
    await delay(50);
  }
}

/** Runs it; throws only where the test itself cannot go on. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, say } = options;
  const random = randomFrom(seed);
  const asked = askedOf(options.jobs);
  say(`seed ${String(seed)}: ${String(asked.length)} undisturbed answers are known`);
  const settable = await openScene(PREFIX, { settableClock: true });
  const scene = settable ?? (await openScene(PREFIX));
  if (scene === null) throw new Error('runChaos: no Redis');
  const faults: Record<string, number> = {};
  const lost: string[] = [];
  let jobsChecked = 0;
  let digitsChanged = 0;
  try {
    const fleet: Fleet = {
      workers: Array.from({ length: WORKERS }, () => ({ now: scene.work() })),
      api: await startApi(scene.environment(scene.apiWire)),
    };
    const ground: Ground = { scene, fleet, random, options, asked };
    const kinds = Object.entries(FAULTS);
    const clock = async (): Promise<void> => {
      await scene.store.setClock(Math.round((2 * random() - 1) * 30 * DAY_SECONDS));
    };
    if (settable === null) say('the wall clock cannot be set here: no C compiler');
    else kinds.push([CLOCK_FAULT, clock]);
    const until = performance.now() + 1_000 * seconds;
    const goingOn = (): boolean => performance.now() < until;

    const askAgain = async (one: Asked): Promise<void> => {
      do {
        const { id, text } = await answered(ground, one);
        jobsChecked++;
        if (text !== one.answer) {
          if (text?.startsWith('{"mode"') === true) digitsChanged++;
          else lost.push(`${id}: ${String(text)}`);
          say(`NOT THE SAME: ${id}: ${String(text).slice(0, 200)}`);
        }
        // What is done would only be answered again: it is erased, and asked anew.
        if (goingOn()) await scene.ask((queue) => queue.erase(id));
      } while (goingOn());
    };
    const disturb = async (): Promise<void> => {
      while (goingOn()) {
        const [name, inject] = kinds[Math.floor(random() * kinds.length)]!;
        say(`${(seconds - (until - performance.now()) / 1_000).toFixed(1)} s  ${name}`);
        faults[name] = (faults[name] ?? 0) + 1;
        await inject(ground);
        await delay(1_000 * random());
      }
      for (const worker of fleet.workers) {
        if (worker.now.alive()) continue;
        // None of the faults leaves one dead: it ended by itself, which is a fault of the service.
        lost.push('a worker that ended by itself');
        worker.now = scene.work();
      }
      say('no more faults; every job is waited for');
    };
    await Promise.all([disturb(), ...asked.map(askAgain)]);
    await fleet.api.end('SIGTERM');
  } finally {
    await scene.end();
  }
  return { faults, jobsChecked, lost, digitsChanged };
}

/** The report in words, one line per figure. */
export function chaosText({ faults, jobsChecked, lost, digitsChanged }: ChaosReport): string {
  const total = Object.values(faults).reduce((sum, each) => sum + each, 0);
  const kinds = Object.entries(faults).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    `faults injected: ${String(total)}`,
    ...kinds.map(([name, count]) => `  ${name}: ${String(count)}`),
    `jobs checked: ${String(jobsChecked)}`,
    `jobs lost: ${String(lost.length)}`,
    `digits changed: ${String(digitsChanged)}`,
  ].join('\n');
}
