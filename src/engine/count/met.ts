/** What the interpreting kernel has met on a stretch of ranks: counts in doubles, and first places. */

const KINDS = ['nonDifferentiable', 'incorrect', 'undecided'] as const;
export type MetKind = (typeof KINDS)[number];

export interface Met {
  touched: number;
  pairs: number;
  readonly counts: Record<MetKind, number>;
  /** Where the first of each kind was met, from the start of the stretch; −1 where none was. */
  readonly first: Record<MetKind, number>;
  /** Per neuron. */
  readonly touchedAt: Float64Array;
  readonly relevantAt: Float64Array;
}

export function nothingMet(neurons: number): Met {
  return {
    touched: 0,
    pairs: 0,
    counts: { nonDifferentiable: 0, incorrect: 0, undecided: 0 },
    first: { nonDifferentiable: -1, incorrect: -1, undecided: -1 },
    touchedAt: new Float64Array(neurons),
    relevantAt: new Float64Array(neurons),
  };
}

/** *Exact below 2^53.* Adds what was met on a part that begins at `offset`, behind all before it. */
export function addMet(met: Met, part: Met, offset: number): void {
  met.touched += part.touched;
  met.pairs += part.pairs;
  for (const kind of KINDS) {
    met.counts[kind] += part.counts[kind];
    if (met.first[kind] === -1 && part.first[kind] !== -1) {
      met.first[kind] = offset + part.first[kind];
    }
  }
  for (let k = 0; k < met.touchedAt.length; k += 1) {
    met.touchedAt[k] = (met.touchedAt[k] as number) + (part.touchedAt[k] as number);
    met.relevantAt[k] = (met.relevantAt[k] as number) + (part.relevantAt[k] as number);
  }
}

/** Notes a point of a kind. */
export function noteKind(met: Met, kind: MetKind, offset: number): void {
  met.counts[kind] += 1;
  if (met.first[kind] === -1) met.first[kind] = offset;
}
