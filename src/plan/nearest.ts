/** The widest well-known format, narrower than the one asked for, over which a network can be counted. */
import type { AnalyticNetwork, Proxies } from '../engine/index.js';
import { compileQuestion } from './compile.js';
import type { Question, QuestionFormat } from './question.js';

/** From wide to narrow, with their numbers of values. */
const NARROWER: readonly {
  readonly name: string;
  readonly format: QuestionFormat;
  readonly size: bigint;
}[] = [
  { name: 'e4m3fn', format: 'e4m3fn', size: 253n },
  { name: 'e3m2fn', format: 'e3m2fn', size: 63n },
  { name: 'int4', format: 'int4', size: 16n },
  { name: 'e2m1fn', format: 'e2m1fn', size: 15n },
  { name: 'ternary', format: { values: ['-1', '0', '1'] }, size: 3n },
];

/** Beyond so many parameters building the networks alone would take too long to wait for. */
const PARAMETERS_MAX = 5000;
/** Operations of one estimate. */
const OPERATIONS = 2e6;

/**
 * *Estimate.* The name of the format, or null where none was found: every parameter would range over
 * it. `isCountable` says whether a network is within the limits, for so many operations.
 */
export function nearestFormat(
  question: Question,
  network: AnalyticNetwork,
  isCountable: (network: AnalyticNetwork, proxies: Proxies, operations: number) => boolean,
): string | null {
  if (network.parameters.length > PARAMETERS_MAX) return null;
  // A neighbourhood is of values of the format asked for, and of no other.
  if (question.around !== undefined) return null;
  const widest = network.parameters.reduce(
    (most, { values }) => (values.size > most ? values.size : most),
    0n,
  );
  for (const { name, format, size } of NARROWER) {
    if (size >= widest) continue;
    const params = Object.fromEntries(
      Object.keys(question.format.params).map((param) => [param, format]),
    );
    const narrower = compileQuestion({
      ...question,
      format: { weights: format, biases: format, params },
    });
    if (isCountable(narrower.network, narrower.proxies, OPERATIONS)) return name;
  }
  return null;
}
