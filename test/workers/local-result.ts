/** What a plan sent through the queue must come back as. */
import { runLocally } from '../../src/plan/local.js';
import type { Plan } from '../../src/plan/plan.js';

/** The result's text, computed here and in one piece. */
export function localResult(plan: Plan): string {
  return runLocally({ ...plan, shards: 1 });
}
