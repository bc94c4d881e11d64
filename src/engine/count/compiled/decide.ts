/**
 * The verdicts on all points that share the digits before the tail: one forward pass, then for each
 * class of the tail's choices (`tails.ts`) L-iff where every tie is free or constant, the first-order
 * criterion where all ties lie in the first layer, and for each choice the judge elsewhere. All three
 * are exact and agree.
 */
import type { Network } from '../../net/ir.js';
import type { Rational } from '../../num/rational.js';
import type { Verdict } from '../../verdict.js';
import { sizeOf, type Box } from '../boxes.js';
import type { Space } from '../space.js';
import { columnOf, headCotangents, tailCotangents, type CotangentPlan } from './cotangents.js';
import { placedTerms, smoothness, type FirstOrder, type Placed } from './first-order.js';
import type { Lattice } from './lattice.js';
import type { Loops } from './loops.js';
import { LatticePoint } from './point.js';
import { readsOf } from './reads.js';
import { Silence, type KeyPlace } from './silent.js';
import { isRelevant, tailClassesOf, type TailClass } from './tails.js';
import { Constancy, freedomOf, tiesOf, type LatticeTie } from './ties.js';

/** Counts over the tail of a box, at given digits before it. */
export interface Outcome {
  /** Positions of the digits before the tail that it depends on besides codes, where codes decide. */
  readonly reads: readonly number[];
  /** Tied neurons, each once, and at how many points AD says that each is relevant. */
  readonly neurons: readonly number[];
  readonly relevant: readonly number[];
  readonly nonDifferentiable: number;
  readonly incorrect: number;
  readonly undecided: number;
  readonly pairs: number;
}

type Decision = 'kink' | 'correct' | 'incorrect' | 'undecided';

interface Decided {
  readonly decision: Decision;
  /** Whether each tie is relevant. */
  readonly relevant: readonly boolean[];
}

/** What a decider needs to know of its network. */
export interface Deciding {
  readonly network: Network;
  readonly lattice: Lattice;
  readonly loops: Loops;
  readonly plan: CotangentPlan | null;
  readonly first: FirstOrder | null;
  readonly places: readonly KeyPlace[];
  readonly space: Space;
  readonly judge: (point: readonly Rational[]) => Verdict;
}

interface AtTies {
  readonly ties: readonly LatticeTie[];
  readonly freedom: readonly boolean[] | null;
  readonly terms: readonly Placed[] | null;
  /** Of the ties, and of the terms. */
  readonly columns: Columns;
  readonly termColumns: Columns;
  /** Whether under every tail all ties are irrelevant, and AD is right. */
  readonly settled: boolean;
}

type Columns = readonly (readonly number[])[];

/** Verdicts over the tail, added up. */
interface Sum {
  kink: number;
  correct: number;
  incorrect: number;
  undecided: number;
  pairs: number;
  /** Per tied neuron. */
  readonly relevant: number[];
}

/** Most numbers of the tail's maps that are kept. */
const MAX_MAPS = 1 << 22;
/** Most verdicts of the judge that are kept. */
const MAX_KEPT = 1 << 17;

export class Decider {
  readonly #known: Deciding;
  readonly #point: LatticePoint;
  readonly #constancy: Constancy;
  /** Null where no unit can be silent. */
  readonly #silence: Silence | null;
  readonly #digits: Int32Array;
  readonly #before: ReadonlySet<number>;
  /** The classes of the tail's choices, and the ends of the digits that they are of. */
  #classes: readonly TailClass[] | null = null;
  #classified: number[] | null = null;
  /** By key and digits of the tail: what the judge said. */
  readonly #judged = new Map<string, Decided>();

  constructor(known: Deciding) {
    this.#known = known;
    this.#point = new LatticePoint(known.lattice, known.space.radices.length);
    this.#constancy = new Constancy(this.#point);
    const hasMaxima = known.lattice.steps.some(
      ({ op }, k) => op === 'max' && k < known.lattice.tail,
    );
    this.#silence = hasMaxima ? new Silence(known.lattice, known.places) : null;
    this.#digits = new Int32Array(known.space.radices.length);
    this.#before = new Set(known.loops.order);
  }

  /** *Exact.* The outcome at these digits; the key is unique to the codes, where codes decide. */
  outcome(at: Int32Array, box: Box, key: number | null): Outcome {
    const silent = key === null ? null : (this.#silence?.neuronsOf(key) ?? null);
    if (silent !== null) return nothingRelevant(silent, []);
    const { loops } = this.#known;
    const point = this.#point;
    for (const position of loops.order) this.#set(position, at[position] as number);
    for (const position of loops.idle) this.#digits[position] = box.lo[position] as number;
    for (const position of loops.tail) this.#set(position, box.lo[position] as number);
    point.forward();
    if (point.ties === 0) throw new Error('compiled: the generated code sees a tie that is none');
    const ties = tiesOf(point);
    const known = this.#atTies(ties);
    const idle = sizeOf(box, loops.idle);
    const neurons: number[] = [];
    const placeOf: number[] = [];
    for (const { neuron } of ties) {
      let place = 0;
      while (place < neurons.length && neurons[place] !== neuron) place += 1;
      if (place === neurons.length) neurons.push(neuron);
      placeOf.push(place);
    }
    const sum: Sum = {
      kink: 0,
      correct: 0,
      incorrect: 0,
      undecided: 0,
      pairs: 0,
      relevant: neurons.map(() => 0),
    };
    // Without an epoch no weight is read.
    const reads = loops.keyed && loops.epoch !== -1 ? readsOf(point, ties, this.#before) : [];
    if (known.settled) return nothingRelevant(neurons, reads);
    const decided = this.#decideClasses(known, box);
    if (decided === null) {
      do {
        addTo(sum, this.#decide(known, key), placeOf, idle);
      } while (this.#nextTail(box));
    } else {
      for (const [each, size] of decided) addTo(sum, each, placeOf, size * idle);
    }
    return {
      reads,
      neurons,
      relevant: sum.relevant,
      nonDifferentiable: sum.kink,
      incorrect: sum.incorrect,
      undecided: sum.undecided,
      pairs: sum.pairs,
    };
  }

  #set(position: number, digit: number): void {
    this.#digits[position] = digit;
    this.#point.set(position, digit);
  }

  /** On to the next digits of the tail; false behind the last ones. */
  #nextTail({ lo, hi }: Box): boolean {
    const { tail } = this.#known.loops;
    for (let k = tail.length - 1; k >= 0; k -= 1) {
      const position = tail[k] as number;
      const next = (this.#digits[position] as number) + 1;
      if (next < (hi[position] as number)) {
        this.#set(position, next);
        return true;
      }
      this.#set(position, lo[position] as number);
    }
    return false;
  }

  /** What the tail does not change: freedom, columns, terms. */
  #atTies(ties: readonly LatticeTie[]): AtTies {
    const { plan, first, lattice } = this.#known;
    const point = this.#point;
    if (plan === null) {
      return {
        ties,
        freedom: null,
        terms: null,
        columns: [],
        termColumns: [],
        settled: false,
      };
    }
    const freedom = freedomOf(point, this.#constancy, ties);
    const terms = freedom !== null || first === null ? null : placedTerms(first, plan, point, ties);
    if (terms?.length === 0) {
      return { ties, freedom, terms, columns: [], termColumns: [], settled: true };
    }
    headCotangents(plan, point);
    const columns: (readonly number[])[] = [];
    for (const { step, sample, unit } of ties) {
      columns.push(columnOf(plan, point, lattice.steps[step]?.out ?? 0, sample, unit));
    }
    const termColumns: (readonly number[])[] = [];
    for (const { variable, sample, unit } of terms ?? []) {
      termColumns.push(columnOf(plan, point, variable, sample, unit));
    }
    const settled = freedom !== null && columns.every((column) => column.every((x) => x === 0));
    return { ties, freedom, terms, columns, termColumns, settled };
  }

  /** The verdicts of all classes, with how many choices of the tail each is of; null where one is missing. */
  #decideClasses(known: AtTies, box: Box): [Decided, number][] | null {
    const { loops } = this.#known;
    // Where digits before the tail set its weights too, no class lasts.
    const classes = loops.tailVaries ? null : this.#classesOf(box);
    if (classes === null) return null;
    const decided: [Decided, number][] = [];
    for (const { map, size } of classes) {
      const each = this.#decideUnder(known, map);
      if (each === null) return null;
      decided.push([each, size]);
    }
    return decided;
  }

  /** The classes of the tail's choices in a box, whose first one stands now and then again. */
  #classesOf(box: Box): readonly TailClass[] | null {
    const { plan, loops } = this.#known;
    if (plan === null) return null;
    const { lo, hi } = box;
    const { tail } = loops;
    let same = this.#classified !== null;
    for (let k = 0; same && k < tail.length; k += 1) {
      const position = tail[k] as number;
      same =
        this.#classified?.[2 * k] === lo[position] &&
        this.#classified?.[2 * k + 1] === hi[position];
    }
    if (same) return this.#classes;
    this.#classified = tail.flatMap((position) => [lo[position] as number, hi[position] as number]);
    this.#classes = tailClassesOf(this.#mapsOf(box, plan), plan.outputs, MAX_MAPS);
    for (const position of tail) this.#set(position, lo[position] as number);
    return this.#classes;
  }

  *#mapsOf(box: Box, plan: CotangentPlan): Generator<Float64Array> {
    do yield tailCotangents(plan, this.#point);
    while (this.#nextTail(box));
  }

  /** The verdict at the digits that stand now. */
  #decide(known: AtTies, key: number | null): Decided {
    const { plan } = this.#known;
    const map = plan === null ? null : tailCotangents(plan, this.#point);
    const decided = map === null ? null : this.#decideUnder(known, map);
    return decided ?? this.#judge(known.ties, key);
  }

  /** The verdict where the tail has this map; null where the judge must be asked. */
  #decideUnder(known: AtTies, map: Float64Array): Decided | null {
    const { plan, first, lattice } = this.#known;
    const { freedom, columns, terms, termColumns } = known;
    if (plan === null || (freedom === null && terms === null)) return null;
    const relevant = columns.map((column) => isRelevant(map, plan.outputs, column));
    if (freedom !== null) {
      const kink = relevant.some((is, tie) => is && freedom[tie] === true);
      return { decision: kink ? 'kink' : 'correct', relevant };
    }
    const decision =
      first === null || terms === null
        ? null
        : smoothness(first, plan, lattice.samples, terms, termColumns, map);
    return decision === null ? null : { decision, relevant };
  }

  #judge(ties: readonly LatticeTie[], key: number | null): Decided {
    const { lattice, loops, space, judge } = this.#known;
    // With an epoch the same codes come back under other weights.
    const keeps = key !== null && loops.epoch === -1;
    const tail = loops.tail.map((position) => this.#digits[position]).join(' ');
    const name = `${String(key)} ${tail}`;
    const kept = keeps ? this.#judged.get(name) : undefined;
    if (kept !== undefined) return kept;
    let rank = 0n;
    space.radices.forEach((radix, position) => {
      rank = rank * radix + BigInt(this.#digits[position] as number);
    });
    const verdict = judge(space.pointAt(rank));
    const relevant = ties.map(({ step, sample, unit }) => {
      const equation = lattice.steps[step]?.equation;
      const tie = verdict.ties.find(
        (each) => each.equation === equation && each.sample === sample && each.unit === unit,
      );
      if (tie === undefined) throw new Error('compiled: the judge does not see a tie');
      return tie.relevant;
    });
    const decided: Decided = { decision: decisionOf(verdict), relevant };
    if (keeps && this.#judged.size < MAX_KEPT) this.#judged.set(name, decided);
    return decided;
  }
}

/** The outcome where no tie is relevant, and AD is right. */
function nothingRelevant(neurons: readonly number[], reads: readonly number[]): Outcome {
  return {
    reads,
    neurons,
    relevant: neurons.map(() => 0),
    nonDifferentiable: 0,
    incorrect: 0,
    undecided: 0,
    pairs: 0,
  };
}

/** Adds a verdict on so many points; `placeOf` each tie stands its neuron. */
function addTo(
  sum: Sum,
  { decision, relevant }: Decided,
  placeOf: readonly number[],
  points: number,
): void {
  sum[decision] += points;
  let here = 0;
  for (let tie = 0; tie < placeOf.length; tie += 1) {
    if (relevant[tie] !== true) continue;
    const place = placeOf[tie] as number;
    // A neuron that is tied in several samples counts once.
    let counted = false;
    for (let other = 0; other < tie && !counted; other += 1) {
      counted = placeOf[other] === place && relevant[other] === true;
    }
    if (counted) continue;
    sum.relevant[place] = (sum.relevant[place] as number) + points;
    sum.pairs += here * points;
    here += 1;
  }
}

function decisionOf({ differentiable, adCorrect }: Verdict): Decision {
  if (differentiable === null) return 'undecided';
  if (!differentiable) return 'kink';
  return adCorrect === false ? 'incorrect' : 'correct';
}
