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
import { pino, type Logger } from 'pino';
import { buildApp } from './app.js';
import { loadConfig, type Config } from './config.js';
import type { Dependencies } from './http/dependencies.js';
import { activationEntries, formatEntry, formatSummaries } from './plan/catalogue.js';
import { planOf, planningOf } from './plan/make.js';
import { parseRequest } from './plan/parse.js';
import { boundsOf } from './plan/result.js';
import { openBullQueue } from './queue/bull-queue.js';
import type { JobQueue } from './queue/job-queue.js';
import { openRedis } from './redis.js';
import { HTML_REPORT_CSP, renderHtml } from './report/html.js';
import { renderMarkdown } from './report/markdown.js';
import { startWorkerProcess, type WorkerProcess } from './worker-process.js';

/** How long a shutdown may take before the process ends regardless. */
const CLOSE_WITHIN_MS = 20_000;

export interface Service {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Process id of the worker; null in role `api`, or between two workers. */
  workerPid(): number | null;
  /** Ends everything that was started; may be called again. */
  stop(): Promise<void>;
}

function dependenciesOf(config: Config, queue: JobQueue, log: Logger): Dependencies {
  return {
    config,
    queue,
    log,
    analysis: { parse: parseRequest, plan: planOf, planning: planningOf, bounds: boundsOf },
    catalogue: {
      formats: formatSummaries(),
      format: formatEntry,
      activations: activationEntries(),
    },
    reports: { markdown: renderMarkdown, html: renderHtml, htmlPolicy: HTML_REPORT_CSP },
  };
}

/** Starts the service as the settings say; resolves when it listens. Readiness may come later. */
export async function startService(config: Config, log: Logger): Promise<Service> {
  const redis = await openRedis(config, log);
  const ends: (() => Promise<void>)[] = [() => redis.stop()];
  const stopAll = async (): Promise<void> => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  };
  try {
    const queue = openBullQueue({
      url: redis.url,
      prefix: config.keyPrefix,
      retentionSeconds: config.retentionSeconds,
      log,
    });
    ends.push(() => queue.close());
    let worker: WorkerProcess | null = null;
    if (config.role === 'all') {
      const started = startWorkerProcess(redis.url, log);
      worker = started;
      ends.push(() => started.stop());
    }
    const app = await buildApp(dependenciesOf(config, queue, log));
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
  const log = pino({ level: config.logLevel });
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
