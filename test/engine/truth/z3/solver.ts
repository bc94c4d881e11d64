/** z3 as a second opinion: a child process that answers scripts one by one, behind a kill timer. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('child.js', import.meta.url));
/** An answer takes milliseconds; where none comes in this time, the process hangs. */
const KILL_AFTER_MS = 30_000;
/** A hang is the process's, not the script's: a fresh process is asked again. */
const ATTEMPTS = 3;

export interface Solver {
  /** `sat` or `unsat`; throws where z3 says anything else, or hangs again and again. */
  readonly ask: (script: string) => Promise<'sat' | 'unsat'>;
  readonly close: () => void;
}

/** Starts z3. */
export function solver(): Solver {
  let child: ChildProcess | null = null;
  const started = async (): Promise<ChildProcess> => {
    if (child !== null) return child;
    child = fork(CHILD, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const ready = await replyOf(child);
    if (ready !== 'ready') throw new Error('z3 does not start');
    return child;
  };
  const close = (): void => {
    child?.kill('SIGKILL');
    child = null;
  };
  return {
    close,
    ask: async (script) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const process = await started();
        process.send(script);
        const text = await replyOf(process);
        if (text === 'sat' || text === 'unsat') return text;
        close();
        if (text !== null) throw new Error(`z3 says ${text}`);
      }
      throw new Error('z3 hangs');
    },
  };
}

/** The next message; null where none comes in time. */
async function replyOf(child: ChildProcess): Promise<string | null> {
  const signal = AbortSignal.timeout(KILL_AFTER_MS);
  try {
    const [message] = (await once(child, 'message', { signal })) as [
      { text?: string; error?: string },
    ];
    return message.text ?? `error: ${message.error ?? 'unknown'}`;
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return null;
    throw error;
  }
}
