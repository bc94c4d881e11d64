/**
 * The exact law of one neuron of the first hidden layer: how many choices of its weights and bias
 * give each pre-activation. All neurons of the layer are alike and independent, so this is the
 * layer's law.
 */
import { gridProgramOf } from '../../src/engine/count/grid.js';
import { isWide, wideLaw } from '../../src/engine/count/layered/law.js';
import { Meter } from '../../src/engine/count/layered/meter.js';
import { rowLayersOf } from '../../src/engine/count/layered/rows.js';
import { spaceOf } from '../../src/engine/count/space.js';
import { log10Estimate } from '../../src/engine/index.js';
import { networkOf, type Case } from './cases.js';

export interface HiddenLaw {
  readonly case: Case;
  /** log10 of a neuron's choices. */
  readonly choices: number;
  /** Different pre-activations. */
  readonly values: number;
  /** Share of choices on the kink, cut to 15 decimals. */
  readonly tied: number;
  readonly seconds: number;
}

const LIMITS = { maxOperations: 1e13, maxBytes: 2 ** 32, maxWalks: 0 };

/**
 * *Exact.* Throws where the counts of the law do not add up to all choices, or the one at the kink is
 * not what the count by two halves gives.
 */
export function hiddenLawOf(each: Case): HiddenLaw {
  const start = performance.now();
  const { network, proxies } = networkOf(each);
  const space = spaceOf(network);
  const program = gridProgramOf(network, proxies, space);
  const [layer] = (program === null ? null : rowLayersOf(program, space)) ?? [];
  const [row] = layer?.rows ?? [];
  if (program === null || layer === undefined || row === undefined || !isWide(row)) {
    throw new Error(`${each.name}: the first layer has no wide law`);
  }
  const law = wideLaw(layer.grid, row, Array.from(program.inputs), new Meter(LIMITS));
  let values = 0;
  let total = 0n;
  let tied = 0n;
  for (const [y, count] of law.entries()) {
    values += 1;
    total += count;
    if (y === 0) tied = count;
  }
  const seconds = (performance.now() - start) / 1000;
  if (total !== row.total) throw new Error(`${each.name}: the law misses choices`);
  if (tied !== law.countAt(0)) throw new Error(`${each.name}: two halves count otherwise`);
  const scale = 10n ** 15n;
  return {
    case: each,
    choices: log10Estimate(row.total),
    values,
    tied: Number((tied * scale) / total) / Number(scale),
    seconds,
  };
}
