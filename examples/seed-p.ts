/**
 * The seed: P(x) = (1/|M|) Σ_{c∈M} (ReLU(x−c) − ReLU(c−x)), with the one parameter x and everything
 * else constant (Lee, Park, Aiken, ICML 2023). Every summand is x − c, so P is affine with slope 1;
 * but at every x ∈ M the pair of units with c = x sits on its kinks, and AD with ReLU'(0) = 0 loses
 * their share of the slope: AD is wrong at all of M.
 *
 *   node dist/examples/seed-p.js        writes the request and its answer for E2M1 and for E4M3FN
 */
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { valueSetOf } from '../src/engine/format/format.js';
import { lookup } from '../src/engine/format/lookup.js';
import { negate, rational } from '../src/engine/num/rational.js';
import { toText } from '../src/engine/num/text.js';
import { writeExample } from './write-json.js';

/** *Exact.* P over the format of this name, as the body of a request. */
export function seedP(format: string): object {
  const set = valueSetOf(lookup(format).format);
  const values = Array.from({ length: Number(set.size) }, (_, rank) => set.at(BigInt(rank)));
  const share = rational(1n, set.size);
  return {
    network: {
      inputs: [['1']],
      layers: [
        {
          type: 'dense',
          units: 2 * values.length,
          weight: values.flatMap(() => [[{ param: 'x' }], [{ param: 'x', scale: '-1' }]]),
          bias: values.flatMap((c) => [toText(negate(c)), toText(c)]),
          activation: 'relu',
        },
        {
          type: 'dense',
          units: 1,
          weight: [values.flatMap(() => [toText(share), toText(negate(share))])],
          bias: false,
        },
      ],
    },
    format,
    mode: 'exhaustive',
    proxies: { relu: ['0'] },
  };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, format, size] of [
    ['seed-p-e2m1', 'e2m1fn', '15'],
    ['seed-p-e4m3fn', 'e4m3fn', '253'],
  ] as const) {
    await writeExample(`${name}.request.json`, seedP(format));
    await writeExample(`${name}.answer.json`, {
      space: { parameters: 1, size },
      counts: { touched: size, nonDifferentiable: '0', incorrect: size },
      density: { incorrect: { exact: '1' } },
    });
  }
}
