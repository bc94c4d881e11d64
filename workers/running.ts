/**
 * The work this process has in hand, and the ways to end it early.
 *
 * Invariant: whatever begins after `shutdown` is born ended. That closes the gap in which the queue
 * hands out one more job while the worker closes.
 */
import { Bag } from './bag.js';
import { Ending } from './ending.js';

export type EndReason =
  /** The job is cancelled or has failed: the work of that run is worth nothing any more. */
  | 'stopped'
  /** This process closes: the work goes back to the queue. */
  | 'shutdown'
  /** The queue has given the work to somebody else. */
  | 'lost';

/** One piece of work in hand. */
export class Task extends Ending<EndReason> {
  readonly queueJobId: string;
  readonly runId: string;
  /** In the bag of all. */
  place = -1;

  constructor(queueJobId: string, runId: string) {
    super();
    this.queueJobId = queueJobId;
    this.runId = runId;
  }
}

export interface Running {
  begin(queueJobId: string, runId: string): Task;
  release(task: Task): void;
  stop(runId: string): void;
  lose(queueJobId: string): void;
  shutdown(): void;
}

/** Nothing in hand yet. */
export function openRunning(): Running {
  const held = new Bag<Task>();
  let closing = false;
  const end = (reason: EndReason, which: (task: Task) => boolean): void => {
    for (const task of held.items()) if (which(task)) task.end(reason);
  };
  return {
    begin(queueJobId, runId) {
      const task = new Task(queueJobId, runId);
      held.add(task);
      if (closing) task.end('shutdown');
      return task;
    },
    release: (task) => void held.remove(task),
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
