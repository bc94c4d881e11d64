/**
 * Who computes beside whom in one worker process. A shard that lost its worker twice may be what
 * killed it: it computes alone, and nothing else is held meanwhile, so that, should it kill this
 * worker too, nobody dies along with it and is taken for the culprit.
 *
 * A suspect waits for those that compute already, which end by themselves; whoever comes while a
 * suspect is here goes back to the queue.
 */
import type { Ending } from './ending.js';

export interface Quarantine {
  /**
   * Resolves when the work may begin, to what ends it; to null where it has to go back. Rejects
   * where it is ended before that.
   */
  enter(suspect: boolean, ending: Ending<unknown>): Promise<(() => void) | null>;
}

/** Nobody in it. `alone` hears when a suspect comes, and when it is gone: fetch nothing in between. */
export function openQuarantine(alone: (suspectIsHere: boolean) => void): Quarantine {
  let inside = 0;
  let suspectIsHere = false;
  let empty: () => void = () => undefined;

  function leaving(then: () => void): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inside--;
      then();
      if (inside === 0) empty();
    };
  }

  return {
    async enter(suspect, ending) {
      if (suspectIsHere) return null;
      if (!suspect) {
        inside++;
        return leaving(() => undefined);
      }
      const gone = (): void => {
        suspectIsHere = false;
        alone(false);
      };
      suspectIsHere = true;
      alone(true);
      if (inside > 0) {
        const { signal } = ending;
        try {
          await new Promise<void>((resolve, reject) => {
            const abort = (): void => {
              reject(new Error('ended while it waited', { cause: signal.reason }));
            };
            if (signal.aborted) abort();
            signal.addEventListener('abort', abort, { once: true });
            empty = () => {
              signal.removeEventListener('abort', abort);
              resolve();
            };
          });
        } catch (error) {
          gone();
          throw error;
        } finally {
          empty = () => undefined;
        }
      }
      inside++;
      return leaving(gone);
    },
  };
}
