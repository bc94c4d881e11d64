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
  // ioredis would subscribe again by itself, through a promise that nobody hears of: where this is
  // closed in that moment its rejection would end the process.
  const subscriber = new Redis(url, { maxRetriesPerRequest: null, autoResubscribe: false });
  let closed = false;
  const wake = (id: string): void =>
    waiting.get(id)?.forEach((go) => {
      go();
    });

  subscriber.on('error', onError);
  subscriber.on('message', (_channel: string, id: string) => {
    wake(id);
  });
  subscriber.on('ready', () => {
    // Notices in between are lost: everybody looks again once the next would be heard.
    subscriber.subscribe(channel).then(
      () => {
        [...waiting.keys()].forEach(wake);
      },
      (error: unknown) => {
        if (!closed) onError(error as Error);
      },
    );
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
      closed = true;
      subscriber.disconnect();
      [...waiting.keys()].forEach(wake);
    },
  };
}
