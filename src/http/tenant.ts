/**
 * Whose request this is. Access control decorates requests with `tenant`; an installation without
 * keys has one tenant. Whatever is stored for a client is stored under this name.
 */
import type { FastifyRequest } from 'fastify';

const ONLY_TENANT = 'public';

/** Total. The name under which the request's own things are kept. */
export function tenantOf(request: FastifyRequest): string {
  const tenant: unknown = 'tenant' in request ? request.tenant : undefined;
  return typeof tenant === 'string' && tenant !== '' ? tenant : ONLY_TENANT;
}
