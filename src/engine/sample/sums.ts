/**
 * What is kept of samples: per stretch between two looks, how many there were and the exact sums of
 * their values and of the squares, in units of 1/D for an integer D of the estimator. Adding is
 * associative and commutative, so any cut of the samples into shards gives the same sums.
 *
 * The values of one sample, each at least 0 and at most the estimator's range: the density of the
 * touched points, and of those that are non-differentiable, incorrect, or either, once with
 * undecided points counted as outside the set (`Least`) and once as inside (`Most`).
 */
export const MEASURES = [
  'touched',
  'nonDifferentiableLeast',
  'nonDifferentiableMost',
  'incorrectLeast',
  'incorrectMost',
  'eitherLeast',
  'eitherMost',
  'tiesUndecided',
] as const;
export type Measure = (typeof MEASURES)[number];

/** Those that a point belongs to which is not differentiable, beside `touched`. */
export const KINK_MEASURES: readonly number[] = [1, 2, 5, 6];

export interface Sum {
  /** Σ x, and Σ x², over the samples. */
  readonly first: bigint;
  readonly second: bigint;
}

export interface NeuronSums {
  readonly touched: Sum;
  readonly relevant: Sum;
}

export interface BatchSums {
  readonly samples: number;
  /** In the order of MEASURES. */
  readonly measures: readonly Sum[];
  /** By neuron; those that were never tied are left out. */
  readonly neurons: ReadonlyMap<number, NeuronSums>;
}

/** Sums by the index of the stretch between two looks; stretches without a sample are left out. */
export type SampleSums = ReadonlyMap<number, BatchSums>;

export const NO_SUM: Sum = Object.freeze({ first: 0n, second: 0n });

export const NO_SAMPLES: BatchSums = Object.freeze({
  samples: 0,
  measures: Object.freeze(MEASURES.map(() => NO_SUM)),
  neurons: new Map(),
});

/** *Exact.* */
export function addSums(a: Sum, b: Sum): Sum {
  return { first: a.first + b.first, second: a.second + b.second };
}

/** *Exact.* The sums over the samples of both. */
export function addBatches(a: BatchSums, b: BatchSums): BatchSums {
  const neurons = new Map(a.neurons);
  for (const [neuron, sums] of b.neurons) {
    const known = neurons.get(neuron);
    neurons.set(
      neuron,
      known === undefined
        ? sums
        : {
            touched: addSums(known.touched, sums.touched),
            relevant: addSums(known.relevant, sums.relevant),
          },
    );
  }
  return {
    samples: a.samples + b.samples,
    measures: a.measures.map((sum, k) => addSums(sum, b.measures[k] ?? NO_SUM)),
    neurons,
  };
}

/** *Exact.* The sums over the samples of both, stretch by stretch. */
export function addSamples(a: SampleSums, b: SampleSums): SampleSums {
  if (b.size === 0) return a;
  const all = new Map(a);
  for (const [index, batch] of b) all.set(index, addBatches(all.get(index) ?? NO_SAMPLES, batch));
  return all;
}

/** Values of one sample, written by an estimator and read by a collector. */
export interface Observation {
  /** In the order of MEASURES. */
  readonly values: bigint[];
  /** By neuron. */
  readonly neurons: Map<number, { touched: bigint; relevant: bigint }>;
}

/** An observation of nothing. */
export function noObservation(): Observation {
  return { values: MEASURES.map(() => 0n), neurons: new Map() };
}

/** Sums of one neuron, growing. */
export interface GrowingSums {
  touched: bigint;
  touchedSquares: bigint;
  relevant: bigint;
  relevantSquares: bigint;
}

/** Adds up observations, one batch at a time. */
export class Collector {
  #samples = 0;
  readonly #first = MEASURES.map(() => 0n);
  readonly #second = MEASURES.map(() => 0n);
  readonly #neurons = new Map<number, GrowingSums>();
  readonly observation: Observation = noObservation();
  readonly #usual: Observation;
  #usuals = 0;

  constructor(usual: Observation) {
    this.#usual = usual;
  }

  /** Takes the observation in and clears it for the next sample. */
  take(): void {
    this.#samples += 1;
    this.#add(this.observation, 1n);
    this.observation.values.fill(0n);
    this.observation.neurons.clear();
  }

  /** Takes in one more sample that gives what is usual. */
  takeUsual(): void {
    this.#samples += 1;
    this.#usuals += 1;
  }

  /** Adds an observation that was made so many times. */
  #add({ values, neurons }: Observation, times: bigint): void {
    let [squared, square] = [0n, 0n];
    for (let k = 0; k < values.length; k += 1) {
      const value = values[k] ?? 0n;
      if (value === 0n) continue;
      // Where nothing is undecided the measures of a set are equal.
      if (value !== squared) [squared, square] = [value, value * value];
      this.#first[k] = (this.#first[k] ?? 0n) + times * value;
      this.#second[k] = (this.#second[k] ?? 0n) + times * square;
    }
    for (const [neuron, { touched, relevant }] of neurons) {
      const sums = this.#neuron(neuron);
      sums.touched += times * touched;
      sums.touchedSquares += times * touched * touched;
      if (relevant === 0n) continue;
      sums.relevant += times * relevant;
      sums.relevantSquares += times * relevant * relevant;
    }
  }

  #neuron(neuron: number): GrowingSums {
    let sums = this.#neurons.get(neuron);
    if (sums === undefined) {
      sums = { touched: 0n, touchedSquares: 0n, relevant: 0n, relevantSquares: 0n };
      this.#neurons.set(neuron, sums);
    }
    return sums;
  }

  /** Takes in so many samples whose ties are all free: never undecided, AD right where f is smooth. */
  addFree(touched: bigint, kink: bigint, samples: number): void {
    this.#samples += samples;
    const times = BigInt(samples);
    MEASURES.forEach((_, k) => {
      const value = k === 0 ? touched : KINK_MEASURES.includes(k) ? kink : 0n;
      this.#first[k] = (this.#first[k] ?? 0n) + times * value;
      this.#second[k] = (this.#second[k] ?? 0n) + times * value * value;
    });
  }

  /** Adds to the sums of a neuron, of samples that are taken in by `addFree`. */
  addNeuron(neuron: number, more: GrowingSums): void {
    const sums = this.#neuron(neuron);
    sums.touched += more.touched;
    sums.touchedSquares += more.touchedSquares;
    sums.relevant += more.relevant;
    sums.relevantSquares += more.relevantSquares;
  }

  sums(): BatchSums {
    if (this.#usuals > 0) this.#add(this.#usual, BigInt(this.#usuals));
    this.#usuals = 0;
    return {
      samples: this.#samples,
      measures: this.#first.map((first, k) => ({ first, second: this.#second[k] ?? 0n })),
      neurons: new Map(
        [...this.#neurons].map(([neuron, sums]) => [
          neuron,
          {
            touched: { first: sums.touched, second: sums.touchedSquares },
            relevant: { first: sums.relevant, second: sums.relevantSquares },
          },
        ]),
      ),
    };
  }
}
