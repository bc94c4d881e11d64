/**
 * A worker process: takes shards and merges from the queue, computes them in threads.
 *
 * Waits for Redis as long as it takes, at the start and after every outage. On SIGTERM, or when the
 * process that forked it is gone, it puts back what it has in hand and ends within seconds; nothing
 * but time is lost where it is killed instead. Any number may run, on any number of machines.
 */
import { realpathSync } from 'node:fs';
import { totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FlowProducer, MetricsTime, Queue, Worker, type Job, type WorkerOptions } from 'bullmq';
import closeWithGrace from 'close-with-grace';
import { Redis } from 'ioredis';
import { loadConfig, requireRedisUrl, type Config } from '../src/config.js';
import { openLog } from '../src/log.js';
import { openBlobs } from '../src/queue/blobs.js';
import { startCare } from '../src/queue/care.js';
import { MERGE_QUEUE, namesOf, SHARD_QUEUE, STALLS_ALLOWED } from '../src/queue/names.js';
import { openRecords } from '../src/queue/records.js';
import { openShards } from '../src/queue/shards.js';
import { openTracing } from '../src/tracing.js';
import { openBegunRuns } from './begun.js';
import { openNumbers } from './cpu.js';
import { startHeartbeat } from './heartbeat.js';
import { mergeProcessor } from './merge.js';
import { openPlans } from './plans.js';
import { openPool } from './pool.js';
import { openHands } from './hands.js';
import { openQuarantine } from './quarantine.js';
import { openRunning } from './running.js';
import { shardProcessor } from './shard.js';
import { openTelling } from './telling.js';
import { keepTotals } from './totals.js';
import { failedByQueue, type Log, type Work } from './work.js';

const SWEEP_EVERY_MS = 10_000;
/** A Redis that is away must not keep a process from ending. */
const CLOSE_WITHIN_MS = 5_000;

export interface Workers {
  /** Puts back what is in hand, closes everything. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Absolute path of another thread entry; tests bring threads that misbehave. */
  readonly computePath?: string;
  /** Heap of one compute thread; by default the machine's memory shared out with some left over. */
  readonly threadMemoryMb?: number;
  /** How often a shard is given to another worker after one died with it. */
  readonly stallsAllowed?: number;
  /** How often jobs that are due are looked after. */
  readonly sweepEveryMs?: number;
}

function defaultThreadMemoryMb(threads: number): number {
  // 0 or a number beyond the machine where no container sets a limit.
  const limit = process.constrainedMemory();
  const bytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.max(256, Math.floor((0.7 * bytes) / (threads + 1) / 2 ** 20));
}

/** Resolves when the workers take jobs. `config.redisUrl` must be set. */
export async function startWorkers(
  config: Config,
  log: Log,
  options: StartOptions = {},
): Promise<Workers> {
  const url = requireRedisUrl(config);
  const names = namesOf(config.keyPrefix);
  const complain = (error: unknown): void => {
    log.warn({ err: error }, 'worker');
  };
  const connect = (): Redis => {
    const redis = new Redis(url, {
      maxRetriesPerRequest: null,
      // Where this process subscribes it does so itself, and hears whether that failed (changes.ts).
      autoResubscribe: false,
      retryStrategy: (times) => Math.min(50 * times, 1_000),
    });
    redis.on('error', complain);
    return redis;
  };
  const redis = connect();
  const tracing = config.tracing ? await openTracing('gradcert-worker', complain) : null;
  const bull = {
    connection: redis,
    prefix: config.keyPrefix,
    ...(tracing === null ? {} : { telemetry: tracing.queue }),
  };
  const mergeQueue = new Queue(MERGE_QUEUE, bull);
  const shardQueue = new Queue(SHARD_QUEUE, bull);
  const flows = new FlowProducer(bull);
  const running = openRunning();
  const begunRuns = openBegunRuns();
  const blobs = openBlobs(redis, names);
  const fetching = { held: config.threads, alone: false };
  const fetch = (): void => {
    shards.concurrency = fetching.alone ? 1 : fetching.held;
  };
  const hands = openHands(config.threads, (held) => {
    fetching.held = held;
    fetch();
  });
  const pool = openPool({
    computePath: options.computePath ?? fileURLToPath(new URL('./compute.js', import.meta.url)),
    threads: config.threads,
    threadMemoryMb: options.threadMemoryMb ?? defaultThreadMemoryMb(config.threads),
    together: () => hands.together(),
  });
  const records = openRecords(redis, names, config.retentionSeconds);
  const work: Work = {
    records,
    blobs,
    shards: openShards(redis, names),
    telling: openTelling(records, complain),
    plans: openPlans(blobs),
    pool,
    numbers: openNumbers(),
    quarantine: openQuarantine((suspectIsHere) => {
      fetching.alone = suspectIsHere;
      fetch();
    }),
    begunRuns,
    hands,
    running,
    redis,
    names,
    mergeQueue,
    log,
  };

  const shared: WorkerOptions = {
    ...bull,
    lockDuration: config.lockDurationMs,
    stalledInterval: config.stalledIntervalMs,
    maxStalledCount: options.stallsAllowed ?? STALLS_ALLOWED,
    runRetryDelay: 1_000,
    metrics: { maxDataPoints: MetricsTime.ONE_WEEK },
  };
  const shards = new Worker(SHARD_QUEUE, shardProcessor(work), {
    ...shared,
    concurrency: config.threads,
  });
  const merges = new Worker(MERGE_QUEUE, mergeProcessor(work), shared);
  const workers = { shard: shards, merge: merges } as const;
  for (const kind of ['shard', 'merge'] as const) {
    const worker = workers[kind];
    worker.on('error', complain);
    worker.on('lockRenewalFailed', (ids: string[]) => {
      ids.forEach((id) => {
        running.lose(id);
      });
    });
    worker.on('completed', ({ id, data }: Job<{ job?: string }>, outcome: unknown) => {
      log.debug({ job: data.job, queueJob: id, outcome }, `${kind} done`);
    });
    worker.on('failed', (job, error) => {
      if (job !== undefined) failedByQueue(work, kind, job, error).catch(complain);
    });
  }
  const { consumeWithinMs } = config;
  const totals = keepTotals(workers, {
    redis,
    names,
    plans: work.plans,
    consumeWithinMs,
    onError: complain,
  });
  mergeQueue.on('error', complain);
  shardQueue.on('error', complain);
  flows.on('error', complain);

  let stopping: Promise<void> | null = null;
  const stops = connect();
  stops.on('message', (_channel: string, runId: string) => {
    begunRuns.forget(runId);
    running.stop(runId);
  });
  await stops.subscribe(names.stops);
  stops.on('ready', () => {
    stops.subscribe(names.stops).catch((error: unknown) => {
      if (stopping === null) complain(error);
    });
  });
  await Promise.all([shards.waitUntilReady(), merges.waitUntilReady()]);

  const isWell = (): boolean => [shards, merges].every((one) => one.isRunning() && !one.isPaused());
  const heartbeat = await startHeartbeat(redis, names, isWell, complain);
  const caring = startCare(
    { redis, names, records, blobs, shards: work.shards, mergeQueue, shardQueue, flows },
    {
      sweep: { everyMs: options.sweepEveryMs ?? SWEEP_EVERY_MS, times: config },
      onError: complain,
    },
  );

  async function close(): Promise<void> {
    // Closing first: from then on no job is fetched. Then what is in hand goes back.
    const closing = Promise.all([shards.close(), merges.close()]);
    running.shutdown();
    await heartbeat.stop();
    await closing;
    await Promise.all([caring.stop(), work.telling.stop(), totals.stop()]);
    await Promise.all([mergeQueue.close(), shardQueue.close(), flows.close()]);
  }

  return {
    stop() {
      stopping ??= (async () => {
        const late = new AbortController();
        const deadline = delay(CLOSE_WITHIN_MS, 'late', { signal: late.signal }).catch(
          () => 'late',
        );
        const outcome = await Promise.race([close(), deadline]);
        late.abort();
        if (outcome === 'late') log.warn('closing took too long; the queue will notice');
        await pool.destroy();
        await tracing?.stop();
        stops.disconnect();
        redis.disconnect();
      })();
      return stopping;
    },
  };
}

/** The life of a worker process: from the settings of its environment to SIGTERM. */
export async function runWorkerProcess(options: StartOptions = {}): Promise<void> {
  const config = loadConfig();
  const log = openLog(config.logLevel);
  const starting = startWorkers(config, log, options);
  const graceful = closeWithGrace(
    { delay: 2 * CLOSE_WITHIN_MS, logger: log },
    async ({ err, signal }) => {
      if (err !== undefined) log.error({ err }, 'worker ends by a fault');
      else log.info({ signal }, 'worker ends');
      // One that still waits for Redis has nothing in hand and can just end.
      const started = await Promise.race([starting, delay(0, null)]);
      await started?.stop();
    },
  );
  // The process that forked this one is gone: without it there may be no Redis either.
  process.once('disconnect', () => {
    graceful.close();
  });
  await starting;
  log.info({ threads: config.threads }, 'worker takes jobs');
  process.send?.({ type: 'ready' });
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  await runWorkerProcess();
}
