/** What a plan sent through the queue must come back as. */
import type { Plan } from '../../src/plan/plan.js';
import { mergeTallies, resultText } from '../../src/plan/result.js';
import { runShard } from '../../src/plan/run.js';

/** The result's text, computed here and in one piece. */
export function localResult(plan: Plan): string {
  const whole = { index: 0, from: '0', to: plan.visits };
  const tally = runShard({ ...plan, shards: 1 }, whole, () => undefined);
  return resultText(plan, mergeTallies(plan, [tally]));
}
