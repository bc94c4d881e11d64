/**
 * Who asks, and whether they may: before anything else of a request is looked at.
 *
 * Promises: a route is closed unless it is named PUBLIC here, so that a new one is closed by itself;
 * reading takes scope `read`, everything else `submit`, what speaks of all tenants `admin`; a job of
 * another tenant is not found, on every route that has its id, whether it exists or not, since its
 * id alone says whose it is. Where Redis is away no key gets in (503). A service is open, to a
 * tenant without a name, only on loopback and only while no key was ever made; the first key closes
 * it within a second.
 */
import type { FastifyRequest } from 'fastify';
import { covers, type ApiKey, type KeyRing, type Scope } from '../access/keys.js';
import { isJobOf, NO_TENANT, QueueUnavailable } from '../queue/job-queue.js';
import type { AccessOptions, App } from './dependencies.js';
import { ProblemError } from './problem.js';
import { lateChild } from './request-log.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request it is; `NO_TENANT` where the service is open. */
    tenant: string;
    /** Public id of its key; null where the service is open. */
    keyId: string | null;
    /** Template of its route, read once; undefined where there is none. */
    route: string | undefined;
  }
}

/** By route template. */
export const PUBLIC: ReadonlySet<string> = new Set([
  '/healthz',
  '/readyz',
  '/openapi.json',
  '/problems',
  '/problems/:code',
]);
const ADMIN: ReadonlySet<string> = new Set(['/metrics']);
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const CHALLENGE = 'Bearer realm="gradcert"';

/** *Exact.* Whether anybody may ask: documentation, health, and paths where there is nothing. */
export function isPublic(request: FastifyRequest): boolean {
  const { route } = request;
  return (
    route === undefined || PUBLIC.has(route) || route === '/docs' || route.startsWith('/docs/')
  );
}

function scopeOf(request: FastifyRequest): Scope {
  if (ADMIN.has(request.route ?? '')) return 'admin';
  return READING.has(request.method) ? 'read' : 'submit';
}

function unauthorized(detail: string, error: string): ProblemError {
  return new ProblemError('unauthorized', detail, {
    headers: { 'www-authenticate': `${CHALLENGE}${error}` },
  });
}

async function keyOrRefuse(request: FastifyRequest, keys: KeyRing): Promise<ApiKey> {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    throw unauthorized('This service is asked with an API key: Authorization: Bearer gck_….', '');
  }
  const text = /^bearer +(\S{1,256})$/i.exec(authorization)?.[1];
  const key = text === undefined ? null : await keys.find(text);
  if (key === null) {
    throw unauthorized('The API key is unknown or revoked.', ', error="invalid_token"');
  }
  const wanted = scopeOf(request);
  if (!covers(key.scope, wanted)) {
    throw new ProblemError('forbidden', `This takes scope ${wanted}; the key has ${key.scope}.`, {
      headers: {
        'www-authenticate': `${CHALLENGE}, error="insufficient_scope", scope="${wanted}"`,
      },
      extensions: { scope: key.scope, wanted },
    });
  }
  return key;
}

/** A service that is open may be asked again this often whether it still is. */
const LOOK_AGAIN_MS = 1_000;

/** Whether keys are needed. What is closed stays closed; while Redis is away it stays as it was. */
function closedness({ keys, exposed }: AccessOptions): () => boolean | Promise<boolean> {
  let closed = exposed;
  let asked: number | null = null;
  async function ask(): Promise<boolean> {
    try {
      closed = await keys.isClosed();
    } catch (error) {
      if (!(error instanceof QueueUnavailable) || asked === null) throw error;
    }
    asked = performance.now();
    return closed;
  }
  return () => {
    const isFresh = asked !== null && performance.now() - asked < LOOK_AGAIN_MS;
    return closed || isFresh ? closed : ask();
  };
}

/** Registers the check; must come before the routes. Without options everybody may do everything. */
export function guard(app: App, options: AccessOptions | undefined): void {
  app.decorateRequest('tenant', NO_TENANT);
  app.decorateRequest('keyId', null);
  app.decorateRequest('route', undefined);
  const isClosed = options === undefined ? () => false : closedness(options);

  /** Whose job it is that the path names. */
  function admit(request: FastifyRequest): void {
    const { id } = request.params as { readonly id?: string };
    if (id === undefined || request.route?.startsWith('/jobs/:id') !== true) return;
    if (!isJobOf(request.tenant, id)) {
      throw new ProblemError('not-found', `There is no job ${JSON.stringify(id)}.`);
    }
    request.log = lateChild(request.log, { job: id });
  }

  async function admitByKey(
    request: FastifyRequest,
    keys: KeyRing,
    needed: Promise<boolean> | true,
  ): Promise<void> {
    if (await needed) {
      const { id: keyId, tenant } = await keyOrRefuse(request, keys);
      Object.assign(request, { tenant, keyId });
      request.log = lateChild(request.log, { tenant, key: keyId });
    }
    admit(request);
  }

  app.addHook('onRequest', (request, _reply, done) => {
    // Fastify makes all the options anew whenever one of them is asked for.
    request.route = request.routeOptions.url;
    if (isPublic(request)) {
      done();
      return;
    }
    // Wrong credentials are told also where none are needed.
    const needed = request.headers.authorization !== undefined || isClosed();
    if (options !== undefined && needed !== false) {
      admitByKey(request, options.keys, needed).then(() => {
        done();
      }, done);
      return;
    }
    // Nothing has to be waited for.
    try {
      admit(request);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  });
}
