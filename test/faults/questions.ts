/** Questions that take long enough to be disturbed, and their undisturbed answers. */
import { runLocally } from '../../src/plan/local.js';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import type { Plan } from '../../src/plan/plan.js';

/** The body of a request that is answered by visiting `values`⁶ points; `number` makes it another. */
export function questionBody(number: number, values = 7): object {
  return {
    network: {
      inputs: [[1], [number]],
      layers: [
        { type: 'dense', units: 2, activation: 'relu' },
        { type: 'dense', units: 1 },
      ],
    },
    format: { values: Array.from({ length: values }, (_, at) => String(at - 2)) },
    mode: 'exhaustive',
  };
}

/** The same as a plan, cut into so many shards. */
export function planOfQuestion(number: number, shards: number, values = 7): Plan {
  const parsed = parseRequest(questionBody(number, values));
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
