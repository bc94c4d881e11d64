/**
 * What the HTTP side is given: the settings it needs, a queue, and the pure functions that read a
 * question, plan it, bound it and render its answer. `server.ts` wires the real ones; tests may
 * replace any of them. Nothing here is reached by import from a route.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyPluginCallback,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Redis } from 'ioredis';
import type { KeyRing } from '../access/keys.js';
import type { Config } from '../config.js';
import type { Limits, Plan, Refusal } from '../plan/plan.js';
import type { Fault, Question } from '../plan/question.js';
import type { JobQueue } from '../queue/job-queue.js';
import type { ActivationEntry, FormatEntry, FormatSummary } from '../schemas/catalogue.js';
import type { Planning } from '../schemas/plan.js';
import type { Mode } from '../schemas/request.js';
import type { BoundsResult, Result } from '../schemas/result.js';
import type { NetworkStore, ReplyStore, WebhookDesk } from './stores.js';

/** What `parse` makes of a body that the schema took. */
export type Parsed =
  | { readonly ok: true; readonly question: Question }
  | {
      readonly ok: false;
      readonly status: 400 | 422;
      readonly code: string;
      readonly detail: string;
      readonly faults: readonly Fault[];
      readonly extensions?: Readonly<Record<string, unknown>>;
    };

export type Planned =
  { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly refusal: Refusal };

type Awaitable<T> = T | Promise<T>;

/** The real one works in threads (src/planner) and throws PlanningTooLong and PlannerBusy. */
export interface Analysis {
  /** The question of a body; a body without a mode gets the default one. */
  parse(body: unknown, defaultMode?: Mode): Awaitable<Parsed>;
  plan(question: Question, limits: Limits): Awaitable<Planned>;
  planning(question: Question, limits: Limits): Awaitable<Planning>;
  bounds(question: Question): Awaitable<BoundsResult>;
}

export interface Catalogue {
  readonly formats: readonly FormatSummary[];
  /** The format of a name or alias, however it is spelt; null where there is none. */
  format(name: string): FormatEntry | null;
  readonly activations: readonly ActivationEntry[];
}

export interface ReportedJob {
  readonly id: string;
  readonly createdAt: string;
  readonly finishedAt: string | null;
}

export interface Reports {
  markdown(result: Result, job: ReportedJob): string;
  html(result: Result, job: ReportedJob): Promise<string>;
  /** JUnit XML, and SARIF 2.1.0 as JSON text; with the verdict where the result has one. */
  junit(result: Result, job: ReportedJob): string;
  sarif(result: Result, job: ReportedJob): string;
  /** The Content-Security-Policy that the HTML page needs, and no more. */
  readonly htmlPolicy: string;
}

export interface AccessOptions {
  readonly keys: KeyRing;
  /** Whether the service is reachable from elsewhere: then it is never open. */
  readonly exposed: boolean;
}

export interface RateLimits {
  readonly redis: Redis;
  readonly keyPrefix: string;
  /** Requests per minute and key: reading, and everything else. */
  readonly reads: number;
  readonly writes: number;
}

export type HttpSettings = Pick<
  Config,
  | 'bodyLimitBytes'
  | 'networkLimitBytes'
  | 'maxEventLoopDelayMs'
  | 'maxInFlight'
  | 'shutdownGraceMs'
  | 'maxVisits'
  | 'maxOperations'
  | 'maxShards'
>;

export interface Dependencies {
  readonly config: HttpSettings;
  readonly queue: JobQueue;
  readonly replies: ReplyStore;
  readonly networks: NetworkStore;
  readonly webhooks: WebhookDesk;
  readonly log: FastifyBaseLogger;
  readonly analysis: Analysis;
  readonly catalogue: Catalogue;
  readonly reports: Reports;
  /** Who may ask; where absent, everybody everything. */
  readonly access?: AccessOptions;
  readonly rateLimits?: RateLimits;
  /** Traces requests; off where absent. */
  readonly tracing?: FastifyPluginCallback;
}

/** The instance that routes are registered on: request types follow from the schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
