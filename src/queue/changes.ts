/**
 * Wakes up whoever follows a job, over one subscription per process however many follow.
 *
 * A notice says only "this job changed"; what changed is read from the job's stream. So a notice
 * that gets lost (a reconnect) costs time, never an event: followers also look by themselves.
 */
import { Redis } from 'ioredis';

export interface Changes {
  /** Resolves at the next change of the job, on abort, on a reconnect, or after `timeoutMs`. */
  next(
    id: string,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<void>;
  close(): void;
}

/** Follows the channel through a connection of its own, which waits for Redis as long as it takes. */
export function followChanges(
  url: string,
  channel: string,
  onError: (error: Error) => void,
): Changes {
  const waiting = new Map<string, Set<() => void>>();
  const subscriber = new Redis(url, { maxRetriesPerRequest: null });
  const wake = (id: string): void =>
    waiting.get(id)?.forEach((go) => {
      go();
    });

  subscriber.on('error', onError);
  subscriber.on('message', (_channel: string, id: string) => {
    wake(id);
  });
  subscriber.on('ready', () => {
    [...waiting.keys()].forEach(wake);
  });
  subscriber.subscribe(channel).catch((error: unknown) => {
    // Closing before the first connection ends the subscription too: nobody waits for it then.
    if (subscriber.status !== 'end') onError(error as Error);
  });

  return {
    async next(id, { signal, timeoutMs }) {
      if (signal.aborted) return;
      await new Promise<void>((resolve) => {
        const go = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', go);
          const others = waiting.get(id);
          others?.delete(go);
          if (others?.size === 0) waiting.delete(id);
          resolve();
        };
        const timer = setTimeout(go, timeoutMs);
        signal.addEventListener('abort', go);
        const others = waiting.get(id) ?? new Set();
        waiting.set(id, others.add(go));
      });
    },
    close() {
      subscriber.disconnect();
      [...waiting.keys()].forEach(wake);
    },
  };
}
