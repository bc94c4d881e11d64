/** Questions that take long enough to be disturbed, and their undisturbed answers. */
import { runLocally } from '../../src/plan/local.js';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import type { Plan } from '../../src/plan/plan.js';

/**
 * The body of a request that takes about a second: below a loss nothing shortens the visits, and points
 * are judged one by one. `number` makes it another.
 */
export function questionBody(number: number): object {
  return {
    network: {
      inputs: [[1], [number]],
      layers: [
        { type: 'dense', units: 2, activation: 'relu' },
        { type: 'dense', units: 1 },
      ],
      loss: { type: 'mse', targets: [[0], [1]] },
    },
    format: { values: ['-2', '-1', '0', '1', '2'] },
    mode: 'exhaustive',
  };
}

/** The same as a plan, cut into so many shards. */
export function planOfQuestion(number: number, shards: number): Plan {
  const parsed = parseRequest(questionBody(number));
  if (!parsed.ok) throw new Error(parsed.detail);
  const limits = { maxVisits: 1n << 32n, maxOperations: 1e12, maxShards: 1000 };
  const planned = planOf(parsed.question, limits);
  if (!planned.ok) throw new Error(planned.refusal.detail);
  return { ...planned.plan, shards };
}

/** The result's text as one undisturbed thread computes it. */
export function undisturbed(plan: Plan): string {
  return runLocally({ ...plan, shards: 1 });
}
