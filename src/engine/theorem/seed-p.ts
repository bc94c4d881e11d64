/**
 * The network P of the seed: P(x) = (1/|M|) Σ_{c∈M} (ReLU(x − c) − ReLU(c − x)), with the one
 * parameter x ∈ M and all else constant. P(x) is x minus the mean of M, so its slope is 1; at x ∈ M
 * AD replaces the two slopes of one pair, which sum to 1, by 2p with p = ReLU'(0), so it says
 * 1 + (2p − 1)/|M|: wrong at every x in M unless p = 1/2.
 */
import type { Entry } from '../net/ir.js';
import { ONE, ZERO, equal, negate, rational } from '../num/rational.js';
import { SOURCE_L, type Theorem, type TheoremQuestion } from './theorem.js';

export const SEED_P: Theorem = {
  id: 'seed-P',
  on: 'incorrect',
  statement:
    'P is affine with slope 1, yet AD is wrong at every x in M: inc(P) = M, unless ReLU′(0) = 1/2.',
  source: SOURCE_L,
  check: (question) => {
    const fault = shapeFault(question);
    if (fault !== null) return { applies: false, why: `not the network P: ${fault}` };
    const proxy = question.proxies[1]?.[0] ?? ZERO;
    const wrong = !equal(proxy, rational(1n, 2n));
    return {
      applies: true,
      why: `the network is P over its own format, with ReLU′(0) ${wrong ? '≠' : '='} 1/2`,
      bound: { direction: 'equal', exact: wrong ? ONE : ZERO },
    };
  },
};

function shapeFault({ network, structure }: TheoremQuestion): string | null {
  const [hidden, output, ...more] = structure.layers;
  if (structure.chainFault !== null) return structure.chainFault;
  const input = network.inputs[0];
  const parameter = network.parameters[0];
  if (hidden === undefined || output === undefined || more.length > 0)
    return 'it has not two layers';
  if (network.parameters.length !== 1 || parameter === undefined) return 'it has not one parameter';
  if (network.inputs.length !== 1 || input?.length !== 1 || !equal(input[0] ?? ZERO, ONE)) {
    return 'its input is not the constant 1';
  }
  if (hidden.activation.activation.type !== 'relu') return 'its hidden activation is not relu';
  if (output.activation.activation.type !== 'identity')
    return 'its output activation is not identity';
  const size = parameter.values.size;
  if (BigInt(hidden.dense.weight.length) !== 2n * size)
    return 'it has not two hidden units per value';
  const [outRow, ...moreRows] = output.dense.weight;
  const outBias = output.dense.bias[0];
  if (outRow === undefined || moreRows.length > 0) return 'it has not one output';
  if (outBias === undefined || 'parameter' in outBias) return 'its output bias is not constant';
  // Each unit is s·(x − c) with s = ±1 and outgoing weight s/|M|; every c must occur with both signs.
  const seen = new Set<string>();
  for (const [unit, row] of hidden.dense.weight.entries()) {
    const weight = row[0];
    const bias = hidden.dense.bias[unit];
    const out = outRow[unit];
    if (weight === undefined || bias === undefined || out === undefined) return 'a row is short';
    if (!('parameter' in weight) || 'parameter' in bias || 'parameter' in out) {
      return `unit ${String(unit)} is not a constant shift of the parameter`;
    }
    const up = equal(weight.scale, ONE);
    if (!up && !equal(weight.scale, negate(ONE)))
      return `unit ${String(unit)} scales the parameter`;
    if (!isShare(out, up, size)) return `the outgoing weight of unit ${String(unit)} is not ±1/|M|`;
    const c = up ? negate(bias.constant) : bias.constant;
    const rank = parameter.values.rankOf(c);
    if (rank === null) return `unit ${String(unit)} is centred off the format`;
    seen.add(`${up ? '+' : '-'}${String(rank)}`);
  }
  return BigInt(seen.size) === 2n * size ? null : 'some value of the format has no pair of units';
}

function isShare(entry: Entry, up: boolean, size: bigint): boolean {
  if ('parameter' in entry) return false;
  return equal(entry.constant, rational(up ? 1n : -1n, size));
}
