/**
 * The security header fields of every answer, as helmet makes them: once, since none of them depends
 * on the request. Helmet's own middleware works them out anew for every answer, which costs as much
 * as all the rest of answering it.
 */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import secureHeaders from 'helmet';

/** The policy of everything that is not a page: load nothing, be framed nowhere. */
const API_POLICY = {
  useDefaults: false,
  directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
};

const SECURITY = {
  contentSecurityPolicy: API_POLICY,
  // The service speaks plain HTTP behind whatever terminates TLS; that one sets HSTS.
  strictTransportSecurity: false,
  // These speak to Internet Explorer, to Flash, and to browsers that would fetch what a policy of
  // 'none' forbids anyway; every answer would carry them, and they cost more than its JSON.
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
};

/** Names in lower case, and values; a page that needs another policy sets its own over this one. */
export function securityFields(): Readonly<Record<string, string>> {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  secureHeaders(SECURITY)(request, response, () => undefined);
  const fields = Object.entries(response.getHeaders());
  return Object.freeze(Object.fromEntries(fields.map(([name, value]) => [name, String(value)])));
}
