/** Small real plans to send through the queue, and what they must come back as. */
import type { Plan } from '../../src/plan/plan.js';
import { mergeTallies, resultText } from '../../src/plan/result.js';
import { runShard } from '../../src/plan/run.js';

/** A network of four parameters over E2M1; another `input` makes another question. */
export function smallPlan({ input = '1', shards = 4 } = {}): Plan {
  return {
    engine: 'test',
    question: {
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
    mode: 'exhaustive',
    method: 'enumeration',
    parameters: 4,
    size: '50625',
    visits: '3375',
    shards,
  };
}

/** The result's text, computed here and in one piece. */
export function localResult(plan: Plan): string {
  const whole = { index: 0, from: '0', to: plan.visits };
  const tally = runShard({ ...plan, shards: 1 }, whole, () => undefined);
  return resultText(plan, mergeTallies(plan, [tally]));
}
