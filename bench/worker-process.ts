/** A measurement in a process that is started as a worker's is, whose threads it measures. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WORKER_OPTIONS } from '../src/worker-process.js';

/**
 * What `measure` of the same module answers in such a process, which is given the arguments. Throws where
 * the process fails. The module calls `answerAsked` at its end.
 */
export async function askedOf<T>(module: string, args: readonly string[]): Promise<T> {
  const child = fork(fileURLToPath(module), args, {
    execArgv: [...process.execArgv, ...WORKER_OPTIONS],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const answer = await Promise.race([
    once(child, 'message') as Promise<[T]>,
    ended.then(() => null),
  ]);
  const [code] = await ended;
  if (answer === null || code !== 0) throw new Error(`${module}: ended with ${String(code)}`);
  return answer[0];
}

/** Answers `askedOf` where this module is what its process was started with. */
export async function answerAsked<T>(
  module: string,
  measure: (args: readonly string[]) => Promise<T>,
): Promise<void> {
  if (module !== pathToFileURL(process.argv[1] ?? '').href) return;
  const answer = await measure(process.argv.slice(2));
  process.send?.(answer);
  process.disconnect();
}
