/**
 * The work this process has in hand, and the ways to end it early.
 *
 * Invariant: whatever begins after `shutdown` is born ended. That closes the gap in which the queue
 * hands out one more job while the worker closes.
 */
export type EndReason =
  /** The job is cancelled or has failed: the work of that run is worth nothing any more. */
  | 'stopped'
  /** This process closes: the work goes back to the queue. */
  | 'shutdown'
  /** The queue has given the work to somebody else. */
  | 'lost';

export interface Task {
  readonly signal: AbortSignal;
  /** Why it was ended; null where it was not. */
  readonly ended: () => EndReason | null;
  readonly stop: () => void;
  readonly release: () => void;
}

export interface Running {
  begin(queueJobId: string, runId: string): Task;
  stop(runId: string): void;
  lose(queueJobId: string): void;
  shutdown(): void;
}

/** Nothing in hand yet. */
export function openRunning(): Running {
  interface Held {
    readonly queueJobId: string;
    readonly runId: string;
    readonly controller: AbortController;
  }
  const held = new Set<Held>();
  let closing = false;
  const end = (reason: EndReason, which: (task: Held) => boolean): void => {
    for (const task of held) if (which(task)) task.controller.abort(reason);
  };
  return {
    begin(queueJobId, runId) {
      const controller = new AbortController();
      const task = { queueJobId, runId, controller };
      held.add(task);
      if (closing) controller.abort('shutdown' satisfies EndReason);
      return {
        signal: controller.signal,
        ended: () => (controller.signal.aborted ? (controller.signal.reason as EndReason) : null),
        stop: () => {
          controller.abort('stopped' satisfies EndReason);
        },
        release: () => held.delete(task),
      };
    },
    stop: (runId) => {
      end('stopped', (task) => task.runId === runId);
    },
    lose: (queueJobId) => {
      end('lost', (task) => task.queueJobId === queueJobId);
    },
    shutdown() {
      closing = true;
      end('shutdown', () => true);
    },
  };
}
