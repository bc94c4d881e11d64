/**
 * Text to function, the one place where generated code comes to life. Where the host forbids that
 * (a content security policy, node's --disallow-code-generation-from-strings) the interpreting kernel
 * serves instead.
 */
import type { Generated, Run, Runtime } from './runtime.js';

/** A function body made ready: given its tables and its runtime it returns what runs. */
export type Compile = (tables: Generated['tables'], runtime: Runtime) => Run;

/** The function whose body is this text; null where the host forbids it. */
export function functionOf(source: string): Compile | null {
  try {
    // The text is made of fixed pieces and of checked integers alone (`generate.ts`).
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    return new Function('tables', 'runtime', source) as Compile;
  } catch (error) {
    if (error instanceof EvalError) return null;
    throw error;
  }
}
