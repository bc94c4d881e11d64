/** Networks that differ in the names of their parameters alone count alike, rank by rank. */
import type { Entry, Equation, Network } from '../../net/ir.js';

/** *Exact.* Per network, the index of the first one that is alike: its own where none before is. */
export function alikeOf(networks: readonly Network[]): number[] {
  return networks.map((network, k) => {
    const first = networks.findIndex((other, j) => j <= k && areAlike(network, other));
    return first === -1 ? k : first;
  });
}

function areAlike(a: Network, b: Network): boolean {
  if (a === b) return true;
  return (
    a.inputs === b.inputs &&
    a.loss === b.loss &&
    a.parameters.length === b.parameters.length &&
    a.parameters.every(({ values }, k) => values === b.parameters[k]?.values) &&
    a.equations.length === b.equations.length &&
    a.equations.every((equation, k) => areAlikeEquations(equation, b.equations[k]))
  );
}

function areAlikeEquations(a: Equation, b: Equation | undefined): boolean {
  if (a === b) return true;
  if (b === undefined || a.op !== b.op || a.out !== b.out) return false;
  if (a.op === 'dense' && b.op === 'dense') {
    return (
      a.in === b.in &&
      sameLists(a.bias, b.bias, sameEntry) &&
      sameLists(a.weight, b.weight, (row, other) => sameLists(row, other, sameEntry))
    );
  }
  if (a.op === 'max' && b.op === 'max') {
    const sameWindows = sameLists(a.windows, b.windows, (window, other) =>
      sameLists(window, other, (one, two) => one === two),
    );
    return a.in === b.in && a.type === b.type && sameWindows;
  }
  // Activations are the whole's own; affine equations are told alike only where they are the same.
  return false;
}

function sameLists<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return a.length === b.length && a.every((each, k) => same(each, b[k] as T));
}

function sameEntry(a: Entry, b: Entry): boolean {
  const [one, other] = [
    'parameter' in a ? a.scale : a.constant,
    'parameter' in b ? b.scale : b.constant,
  ];
  const sameParameter =
    'parameter' in a ? 'parameter' in b && a.parameter === b.parameter : !('parameter' in b);
  return sameParameter && one.n === other.n && one.d === other.d;
}
