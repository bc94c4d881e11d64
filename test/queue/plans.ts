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

/** A network of ten parameters over E2M1, counted layer by layer in so many shards. */
export function layeredPlan({ shards = 12 } = {}): Plan {
  const dense = (units: number, type: string): Plan['question']['network']['layers'][number] => ({
    type: 'dense',
    units,
    bias: true,
    weight: null,
    activation: { type },
  });
  const planned = planOf(
    {
      mode: 'exhaustive',
      network: {
        inputs: [['1', '-2']],
        layers: [dense(2, 'relu'), dense(3, 'relu'), dense(1, 'identity')],
      },
      format: { weights: 'e2m1fn', biases: 'e2m1fn', params: {} },
      proxies: { preset: 'pytorch', layers: [['0'], ['0'], []] },
    },
    { maxVisits: 100_000n, maxOperations: 1e12, maxShards: 1 },
  );
  if (!planned.ok) throw new Error(`layeredPlan: ${planned.refusal.detail}`);
  return { ...planned.plan, shards };
}
