/**
 * Who computes beside whom in one worker process. A shard that lost its worker twice may be what
 * killed it: it computes alone, so that, should it kill this one too, nobody else dies along with
 * it and is taken for the culprit.
 *
 * First come, first served: neither a suspect nor the others wait for ever.
 */
export interface Quarantine {
  /** Resolves when the work may begin, to what ends it. Rejects where the signal comes first. */
  enter(suspect: boolean, signal: AbortSignal): Promise<() => void>;
}

/** Nobody in it. */
export function openQuarantine(): Quarantine {
  interface Waiting {
    readonly suspect: boolean;
    readonly go: () => void;
  }
  const queue: Waiting[] = [];
  let inside = 0;
  let alone = false;

  function admit(): void {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      if (alone || (next.suspect && inside > 0)) return;
      queue.shift();
      inside++;
      alone = next.suspect;
      next.go();
    }
  }

  return {
    enter: (suspect, signal) =>
      new Promise((resolve, reject) => {
        const abort = (): void => {
          queue.splice(queue.indexOf(waiting), 1);
          reject(new Error('ended while it waited', { cause: signal.reason }));
          admit();
        };
        const waiting: Waiting = {
          suspect,
          go() {
            signal.removeEventListener('abort', abort);
            let left = false;
            resolve(() => {
              if (left) return;
              left = true;
              inside--;
              alone = false;
              admit();
            });
          },
        };
        if (signal.aborted) {
          reject(new Error('ended before it began', { cause: signal.reason }));
          return;
        }
        signal.addEventListener('abort', abort, { once: true });
        queue.push(waiting);
        admit();
      }),
  };
}
