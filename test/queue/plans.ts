/** Small real plans to send through the queue. */
import { planOf } from '../../src/plan/make.js';
import type { Plan } from '../../src/plan/plan.js';

/** A network of four parameters over E2M1; another `input` makes another question. */
export function smallPlan({ input = '1', shards = 4 } = {}): Plan {
  const planned = planOf(
    {
      mode: 'exhaustive',
      network: {
        inputs: [[input]],
        layers: [
          { type: 'dense', units: 1, bias: true, weight: null, activation: { type: 'relu' } },
          { type: 'dense', units: 1, bias: true, weight: null, activation: { type: 'identity' } },
        ],
      },
      format: { weights: 'e2m1fn', biases: 'e2m1fn', params: {} },
      proxies: { preset: 'pytorch', layers: [['0'], []] },
    },
    { maxVisits: 100_000n, maxOperations: 1e12, maxShards: 1 },
  );
  if (!planned.ok) throw new Error(`smallPlan: ${planned.refusal.detail}`);
  // Visited point by point, so that there is something to cut.
  return { ...planned.plan, method: 'enumeration', range: '3375', shards };
}
