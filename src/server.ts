/**
 * The process entry: settings, Redis, queue, API and (in role `all`) a worker process, then listen.
 *
 * SIGTERM and SIGINT end it in that order reversed: no new requests, answers for those in flight,
 * the worker puts back what it has in hand, the queue closes, the embedded Redis stops.
 */
import { realpathSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import closeWithGrace from 'close-with-grace';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { isLoopback } from './access/address.js';
import { openKeyRing, type KeyRing } from './access/keys.js';
import { buildApp } from './app.js';
import { ConfigError, loadConfig, type Config } from './config.js';
import type { Dependencies } from './http/dependencies.js';
import { openLog } from './log.js';
import { activationEntries, formatEntry, formatSummaries } from './plan/catalogue.js';
import { openPlanner, type Planner } from './planner/planner.js';
import { connectProducer, untilReady } from './queue/availability.js';
import { openBullQueue } from './queue/bull-queue.js';
import type { JobQueue } from './queue/job-queue.js';
import { openRedis } from './redis.js';
import { HTML_REPORT_CSP, renderHtml } from './report/html.js';
import { renderJunit } from './report/junit.js';
import { renderMarkdown } from './report/markdown.js';
import { renderSarif } from './report/sarif.js';
import { openNetworkStore } from './store/networks.js';
import { openReplyStore } from './store/replies.js';
import { openTracing, type Tracing } from './tracing.js';
import { openWebhooks, type Webhooks } from './webhooks/webhooks.js';
import { startWorkerProcess, type WorkerProcess } from './worker-process.js';

/** How long a shutdown may take before the process ends regardless. */
const CLOSE_WITHIN_MS = 20_000;

/** Questions read and planned at once. */
const PLANNING_THREADS = 2;

export interface Service {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Process id of the worker; null in role `api`, or between two workers. */
  workerPid(): number | null;
  /** Ends everything that was started; may be called again. */
  stop(): Promise<void>;
}

interface Parts {
  readonly queue: JobQueue;
  readonly planner: Planner;
  readonly webhooks: Webhooks;
  readonly keys: KeyRing;
  readonly tracing: Tracing | null;
  /** For keys and rate limits. */
  readonly access: Redis;
  /** For kept answers and uploaded networks, which may be long. */
  readonly store: Redis;
}

function dependenciesOf(config: Config, parts: Parts, log: Logger): Dependencies {
  const { queue, planner, webhooks, keys, tracing, access, store } = parts;
  return {
    config,
    queue,
    log,
    replies: openReplyStore(store, config.keyPrefix),
    networks: openNetworkStore(store, config.keyPrefix),
    webhooks,
    analysis: planner,
    catalogue: {
      formats: formatSummaries(),
      format: formatEntry,
      activations: activationEntries(),
    },
    reports: {
      markdown: renderMarkdown,
      html: renderHtml,
      junit: renderJunit,
      sarif: renderSarif,
      htmlPolicy: HTML_REPORT_CSP,
    },
    ...(tracing === null ? {} : { tracing: tracing.plugin }),
    access: { keys, exposed: !isLoopback(config.host) },
    rateLimits: {
      redis: access,
      keyPrefix: config.keyPrefix,
      reads: config.readsPerMinute,
      writes: config.writesPerMinute,
    },
  };
}

/** How long a start waits for the Redis that says whether there are keys. */
const KEYS_WITHIN_MS = 30_000;

/** A connection beside the queue's own. */
function connect(url: string, name: string, log: Logger): Redis {
  const redis = connectProducer(url);
  redis.on('error', (error: Error) => {
    log.warn({ err: error }, `${name} connection`);
  });
  return redis;
}

/** Throws a ConfigError where the service would listen for others and no key could let them in. */
async function refuseToListenOpenly(config: Config, keys: KeyRing, redis: Redis): Promise<void> {
  if (isLoopback(config.host)) return;
  await untilReady(redis, KEYS_WITHIN_MS);
  if ((await keys.list()).some((key) => key.revokedAt === null)) return;
  throw new ConfigError(
    `HOST="${config.host}": others could reach the service, and there is no API key. Make one first: npm run keys -- create --tenant NAME --scope submit; or listen on 127.0.0.1`,
  );
}

/** Starts the service as the settings say; resolves when it listens. Readiness may come later. */
export async function startService(config: Config, log: Logger): Promise<Service> {
  const redis = await openRedis(config, log);
  const ends: (() => Promise<void>)[] = [() => redis.stop()];
  const stopAll = async (): Promise<void> => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  };
  try {
    const tracing = config.tracing
      ? await openTracing('gradcert-api', (error) => {
          log.warn({ err: error }, 'traces not sent');
        })
      : null;
    ends.push(async () => {
      await tracing?.stop();
    });
    const access = connect(redis.url, 'access', log);
    ends.push(async () => {
      access.disconnect();
    });
    const keys = openKeyRing(access, config.keyPrefix);
    await refuseToListenOpenly(config, keys, access);
    const queue = openBullQueue({
      url: redis.url,
      prefix: config.keyPrefix,
      retentionSeconds: config.retentionSeconds,
      log,
      liveJobsMax: config.liveJobsMax,
      consumeWithinMs: config.consumeWithinMs,
      ...(tracing === null ? {} : { telemetry: tracing.queue }),
    });
    ends.push(() => queue.close());
    let worker: WorkerProcess | null = null;
    if (config.role === 'all') {
      const started = startWorkerProcess(redis.url, log);
      worker = started;
      ends.push(() => started.stop());
    }
    const planner = openPlanner({
      threads: Math.min(PLANNING_THREADS, config.threads),
      deadlineMs: config.planningMs,
    });
    ends.push(() => planner.close());
    const store = connect(redis.url, 'store', log);
    ends.push(async () => {
      store.disconnect();
    });
    const webhooks = openWebhooks({
      url: redis.url,
      prefix: config.keyPrefix,
      settings: config,
      log,
    });
    ends.push(() => webhooks.close());
    const app = await buildApp(
      dependenciesOf(config, { queue, planner, webhooks, keys, tracing, access, store }, log),
    );
    ends.push(() => app.close());
    await app.listen({ host: config.host, port: config.port });
    const { address, port, family } = app.server.address() as AddressInfo;
    const host = family === 'IPv6' ? `[${address}]` : address;
    return {
      url: `http://${host}:${String(port)}`,
      workerPid: () => worker?.pid ?? null,
      stop: stopAll,
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function main(): Promise<void> {
  const config = loadConfig();
  const log = openLog(config.logLevel);
  const starting = startService(config, log);
  // Before the start is over, so that a signal during it ends what was started already.
  closeWithGrace({ delay: CLOSE_WITHIN_MS, logger: log }, async ({ err, signal }) => {
    if (err !== undefined) log.error({ err }, 'ending after an error');
    else log.info({ signal }, 'ending');
    const started = await starting.catch(() => null);
    await started?.stop();
  });
  const service = await starting;
  log.info(
    { url: service.url },
    `gradcert listens on ${service.url}; the API is described at ${service.url}/docs`,
  );
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    // Everything that was started has been stopped; an exit code alone would be overruled by the
    // handler of signals, which ends an idle process with 0.
    process.exit(1);
  });
}
