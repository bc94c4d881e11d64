/**
 * How the service goes away: what is in flight is answered, what arrives is refused, and nothing
 * holds it up. Without help close() waits for every kept-alive connection to time out
 * (fastify#7044), and for every client that has begun a request and never ends it.
 */
import type { App } from './dependencies.js';
import { ProblemError } from './problem.js';

/** How often connections that became idle are let go. */
const LOOK_EVERY_MS = 100;

/** Answers what is in flight; after `graceMs` whoever is still there is cut off. */
export function closeConnections(app: App, graceMs: number): void {
  let closing = false;
  let timers: NodeJS.Timeout[] = [];
  app.addHook('preClose', (done) => {
    closing = true;
    const idle = setInterval(() => {
      app.server.closeIdleConnections();
    }, LOOK_EVERY_MS);
    const late = setTimeout(() => {
      app.server.closeAllConnections();
    }, graceMs);
    timers = [idle, late];
    app.server.once('close', () => {
      timers.forEach(clearTimeout);
    });
    // An instance that never listened has no 'close' to wait for.
    timers.forEach((timer) => timer.unref());
    done();
  });
  app.addHook('onClose', (_app, done) => {
    timers.forEach(clearTimeout);
    done();
  });
  app.addHook('onRequest', (_request, _reply, done) => {
    if (!closing) {
      done();
      return;
    }
    done(new ProblemError('shutting-down', 'The service is shutting down; nothing was done.'));
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
}
