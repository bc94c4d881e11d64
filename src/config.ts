/**
 * The settings of this process: the only reader of `process.env` in the service.
 *
 * Invariant: a `Config` is complete, checked and frozen; nothing downstream has a default of its
 * own. An empty variable counts as unset, so that `REDIS_URL=` in a compose file means "none".
 * Every fault is reported at once, each line naming the variable, its value and what was expected.
 */
import { availableParallelism, homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { Type, type Static } from '@sinclair/typebox';
import { envSchema } from 'env-schema';

export type Role = 'all' | 'api';
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface Config {
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  /** What `new Redis(...)` takes: a redis:// or rediss:// URL or an absolute socket path; null: embedded. */
  readonly redisUrl: string | null;
  /** Absolute path of the Redis server to run where none is shared; null: find or get one. */
  readonly redisServerBinary: string | null;
  /** Absolute; what must outlive the process is kept here. */
  readonly dataDirectory: string;
  /** Absolute; what can be fetched again is kept here. */
  readonly cacheDirectory: string;
  /** `all`: API and workers; `api`: no workers. Worker processes have an entry of their own. */
  readonly role: Role;
  /** Compute threads of one worker process. */
  readonly threads: number;
  readonly logLevel: LogLevel;
  readonly bodyLimitBytes: number;
  /** Longest network that may be uploaded. */
  readonly networkLimitBytes: number;
  /** How long a question may be read and planned before it is refused as too large. */
  readonly planningMs: number;
  /** Mean event-loop delay above which requests are turned away; 0: never. */
  readonly maxEventLoopDelayMs: number;
  /** Most requests in hand at once; those that only wait do not count. */
  readonly maxInFlight: number;
  /** How long a shutdown waits for requests that are still arriving or being answered. */
  readonly shutdownGraceMs: number;
  /** Signs webhooks that bring no secret of their own; null: those go out unsigned. */
  readonly webhookSecret: string | null;
  /** Whether webhooks may go to http:// addresses. */
  readonly webhookHttp: boolean;
  /** CIDR ranges that webhooks may reach although they are not public. */
  readonly webhookAllow: readonly string[];
  /** Most points that an enumeration may visit. */
  readonly maxVisits: bigint;
  /** Most operations that a layered count may be estimated at; about 4·10⁸ take a second. */
  readonly maxOperations: number;
  /** Most shards of one job. */
  readonly maxShards: number;
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  /** How long a final job is kept. */
  readonly retentionSeconds: number;
  /** Requests per minute and API key: reading, and everything else. */
  readonly readsPerMinute: number;
  readonly writesPerMinute: number;
  /** Most jobs of one tenant that are not final. */
  readonly liveJobsMax: number;
  /** Shards that wait longer, with none in hand, are not being consumed. */
  readonly consumeWithinMs: number;
  /** Whether traces are sent; where to is OpenTelemetry's own affair (OTEL_EXPORTER_OTLP_*). */
  readonly tracing: boolean;
  /** Prefix of every key; its braces put all of them in one cluster slot. */
  readonly keyPrefix: string;
}

/** Thrown on settings that make no sense; the message has one line per fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const EnvironmentSchema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1' }),
  PORT: Type.Integer({ default: 3000, minimum: 0, maximum: 65535 }),
  REDIS_URL: Type.Optional(Type.String({ pattern: '^(rediss?://.+|/.+)$' })),
  REDIS_SERVER_BIN: Type.Optional(Type.String()),
  GRADCERT_DATA_DIR: Type.String({ default: '.gradcert' }),
  GRADCERT_CACHE_DIR: Type.Optional(Type.String()),
  XDG_CACHE_HOME: Type.Optional(Type.String()),
  GRADCERT_ROLE: Type.Union([Type.Literal('all'), Type.Literal('api')], { default: 'all' }),
  GRADCERT_THREADS: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })),
  GRADCERT_LOG_LEVEL: Type.Union(
    LOG_LEVELS.map((level) => Type.Literal(level)),
    { default: 'info' },
  ),
  GRADCERT_BODY_LIMIT: Type.Integer({ default: 4 * 1024 * 1024, minimum: 1024 }),
  GRADCERT_NETWORK_LIMIT: Type.Integer({ default: 16 * 1024 * 1024, minimum: 1024 }),
  GRADCERT_PLANNING_MS: Type.Integer({ default: 10_000, minimum: 100 }),
  GRADCERT_MAX_EVENT_LOOP_DELAY_MS: Type.Integer({ default: 1000, minimum: 0 }),
  GRADCERT_MAX_IN_FLIGHT: Type.Integer({ default: 1000, minimum: 1 }),
  GRADCERT_SHUTDOWN_GRACE_MS: Type.Integer({ default: 10_000, minimum: 0 }),
  GRADCERT_WEBHOOK_SECRET: Type.Optional(
    Type.String({ pattern: '^whsec_[A-Za-z0-9+/]{32,88}={0,2}$' }),
  ),
  GRADCERT_WEBHOOK_HTTP: Type.Union([Type.Literal('yes'), Type.Literal('no')], { default: 'no' }),
  GRADCERT_WEBHOOK_ALLOW: Type.String({
    default: '',
    pattern: '^([0-9A-Fa-f.:]+/[0-9]{1,3}(,[0-9A-Fa-f.:]+/[0-9]{1,3})*)?$',
  }),
  GRADCERT_MAX_VISITS: Type.String({ default: String(2n ** 32n), pattern: '^[1-9][0-9]{0,99}$' }),
  GRADCERT_MAX_OPERATIONS: Type.Number({ default: 1e12, minimum: 1, maximum: 1e18 }),
  GRADCERT_MAX_SHARDS: Type.Integer({ default: 256, minimum: 1, maximum: 1000 }),
  GRADCERT_LOCK_DURATION_MS: Type.Integer({ default: 60_000, minimum: 100 }),
  GRADCERT_STALLED_INTERVAL_MS: Type.Integer({ default: 30_000, minimum: 100 }),
  GRADCERT_RETENTION_SECONDS: Type.Integer({
    default: 30 * 24 * 3600,
    minimum: 1,
    maximum: 3650 * 24 * 3600,
  }),
  GRADCERT_READS_PER_MINUTE: Type.Integer({ default: 6000, minimum: 1 }),
  GRADCERT_WRITES_PER_MINUTE: Type.Integer({ default: 600, minimum: 1 }),
  GRADCERT_MAX_LIVE_JOBS: Type.Integer({ default: 20_000, minimum: 1 }),
  GRADCERT_CONSUME_WITHIN_MS: Type.Integer({ default: 30_000, minimum: 100 }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(Type.String({ pattern: '^https?://' })),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Type.Optional(Type.String({ pattern: '^https?://' })),
  GRADCERT_KEY_PREFIX: Type.String({ default: '{gradcert}', pattern: '^\\{[^{}:]+\\}$' }),
});
type Environment = Static<typeof EnvironmentSchema>;

/** Every variable that is read, in the order of the schema. */
export const SETTING_NAMES: readonly string[] = Object.freeze(
  Object.keys(EnvironmentSchema.properties),
);

/** What to write instead, per variable, where the schema's own words would not help. */
const EXPECTED: Readonly<Record<string, string>> = {
  PORT: 'an integer from 0 to 65535',
  REDIS_URL: 'redis://host:port, rediss://host:port or the absolute path of a socket',
  GRADCERT_ROLE: 'all or api',
  GRADCERT_THREADS: 'an integer from 1 to 1024',
  GRADCERT_LOG_LEVEL: `one of ${LOG_LEVELS.join(' ')}`,
  GRADCERT_BODY_LIMIT: 'a number of bytes, at least 1024',
  GRADCERT_NETWORK_LIMIT: 'a number of bytes, at least 1024',
  GRADCERT_PLANNING_MS: 'an integer of milliseconds, at least 100',
  GRADCERT_MAX_EVENT_LOOP_DELAY_MS: 'an integer of milliseconds, 0 for no limit',
  GRADCERT_MAX_IN_FLIGHT: 'a positive integer',
  GRADCERT_SHUTDOWN_GRACE_MS: 'an integer of milliseconds',
  GRADCERT_WEBHOOK_SECRET: 'whsec_ and the base64 of 24 to 64 bytes',
  GRADCERT_WEBHOOK_HTTP: 'yes or no',
  GRADCERT_WEBHOOK_ALLOW: 'ranges such as 10.0.0.0/8,fd00::/8',
  GRADCERT_MAX_VISITS: 'a positive integer',
  GRADCERT_MAX_SHARDS: 'an integer from 1 to 1000',
  GRADCERT_LOCK_DURATION_MS: 'an integer of milliseconds, at least 100',
  GRADCERT_STALLED_INTERVAL_MS: 'an integer of milliseconds, at least 100',
  GRADCERT_RETENTION_SECONDS: 'an integer of seconds, 1 to 315360000',
  GRADCERT_READS_PER_MINUTE: 'a positive integer',
  GRADCERT_WRITES_PER_MINUTE: 'a positive integer',
  GRADCERT_MAX_LIVE_JOBS: 'a positive integer',
  GRADCERT_CONSUME_WITHIN_MS: 'an integer of milliseconds, at least 100',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'an http:// or https:// URL',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'an http:// or https:// URL',
  GRADCERT_KEY_PREFIX: 'a name in braces, such as {gradcert}',
};

/** Passwords do not belong in an error message. */
function withoutPassword(value: string): string {
  return value.replace(/:\/\/[^@/]*@/, '://***@');
}

function shown(name: string, value: string): string {
  return name === 'GRADCERT_WEBHOOK_SECRET' ? '***' : withoutPassword(value);
}

function known(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    SETTING_NAMES.flatMap((name) => {
      const value = environment[name]?.trim();
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}

interface SchemaFault {
  readonly instancePath: string;
  readonly message?: string;
}

function faultsOf(error: unknown): readonly SchemaFault[] | null {
  const errors: unknown = error instanceof Error && 'errors' in error ? error.errors : undefined;
  return Array.isArray(errors) ? (errors as SchemaFault[]) : null;
}

function parse(given: Record<string, string>): Environment {
  try {
    return envSchema<Environment>({ schema: EnvironmentSchema, data: given, env: false });
  } catch (error) {
    const faults = faultsOf(error);
    if (faults === null) throw error;
    const lines = new Map<string, string>();
    for (const fault of faults) {
      const name = fault.instancePath.slice(1);
      const expected = EXPECTED[name] ?? fault.message ?? 'something else';
      lines.set(name, `${name}="${shown(name, given[name] ?? '')}": expected ${expected}`);
    }
    throw new ConfigError([...lines.values()].join('\n'));
  }
}

function optionalPath(name: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  if (!isAbsolute(value)) throw new ConfigError(`${name}="${value}": expected an absolute path`);
  return value;
}

/**
 * Complete, checked and frozen, or a ConfigError. Paths are made absolute from the working
 * directory. Call it once per process, at the entry.
 */
export function loadConfig(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const parsed = parse(known(environment));
  const cacheHome = parsed.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return Object.freeze({
    host: parsed.HOST,
    port: parsed.PORT,
    redisUrl: parsed.REDIS_URL ?? null,
    redisServerBinary: optionalPath('REDIS_SERVER_BIN', parsed.REDIS_SERVER_BIN),
    dataDirectory: resolve(parsed.GRADCERT_DATA_DIR),
    cacheDirectory: resolve(parsed.GRADCERT_CACHE_DIR ?? join(cacheHome, 'gradcert')),
    role: parsed.GRADCERT_ROLE,
    threads: parsed.GRADCERT_THREADS ?? Math.max(1, availableParallelism()),
    logLevel: parsed.GRADCERT_LOG_LEVEL,
    bodyLimitBytes: parsed.GRADCERT_BODY_LIMIT,
    networkLimitBytes: parsed.GRADCERT_NETWORK_LIMIT,
    planningMs: parsed.GRADCERT_PLANNING_MS,
    maxEventLoopDelayMs: parsed.GRADCERT_MAX_EVENT_LOOP_DELAY_MS,
    maxInFlight: parsed.GRADCERT_MAX_IN_FLIGHT,
    shutdownGraceMs: parsed.GRADCERT_SHUTDOWN_GRACE_MS,
    webhookSecret: parsed.GRADCERT_WEBHOOK_SECRET ?? null,
    webhookHttp: parsed.GRADCERT_WEBHOOK_HTTP === 'yes',
    webhookAllow: Object.freeze(parsed.GRADCERT_WEBHOOK_ALLOW.split(',').filter(Boolean)),
    maxVisits: BigInt(parsed.GRADCERT_MAX_VISITS),
    maxOperations: parsed.GRADCERT_MAX_OPERATIONS,
    maxShards: parsed.GRADCERT_MAX_SHARDS,
    lockDurationMs: parsed.GRADCERT_LOCK_DURATION_MS,
    stalledIntervalMs: parsed.GRADCERT_STALLED_INTERVAL_MS,
    retentionSeconds: parsed.GRADCERT_RETENTION_SECONDS,
    readsPerMinute: parsed.GRADCERT_READS_PER_MINUTE,
    writesPerMinute: parsed.GRADCERT_WRITES_PER_MINUTE,
    liveJobsMax: parsed.GRADCERT_MAX_LIVE_JOBS,
    consumeWithinMs: parsed.GRADCERT_CONSUME_WITHIN_MS,
    tracing:
      (parsed.OTEL_EXPORTER_OTLP_ENDPOINT ?? parsed.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) !==
      undefined,
    keyPrefix: parsed.GRADCERT_KEY_PREFIX,
  });
}

/** The shared Redis of a process that cannot start one of its own: lone workers and a lone API. */
export function requireRedisUrl(config: Config): string {
  if (config.redisUrl !== null) return config.redisUrl;
  throw new ConfigError('REDIS_URL is not set: a lone API or worker needs the Redis it shares');
}
