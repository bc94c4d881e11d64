/**
 * How the digits of a lattice are enumerated: which loops there are, in what order, which digit is
 * solved for, and what the verdict on a touched point depends on.
 *
 * - *Loops* run over the digits that some step before the tail reads, in the order of the steps, so
 *   that partial sums are hoisted as far out as they go.
 * - The *solved* digit is the innermost: it enters the pre-activations of last units only (nothing
 *   before the tail reads what they compute) with coefficients that no other digit changes. With all
 *   others fixed its zeros are looked up.
 * - The *tail* digits are weights behind the last tie: where nothing is tied all their values count at
 *   once. *Idle* digits move no verdict at all (biases of the tail).
 * - A *code key* decides the verdict where slopes are constant on pieces and either every dense step
 *   before the tail reads the input, or every unit that can tie has a bias of its own and there is one
 *   sample: forms are then constants times slopes, and L-iff needs no values. The weights that the
 *   reverse pass reads must not change meanwhile: the digits that set them are the *epoch*.
 */
import type { Coefficient, DenseStep, Lattice, Step } from './lattice.js';
import { denseBefore } from './ties.js';

export interface Loops {
  /** Positions of digits, outermost first. */
  readonly order: readonly number[];
  /** Whether the last of them is solved for. */
  readonly solved: boolean;
  readonly tail: readonly number[];
  readonly idle: readonly number[];
  /** Whether codes and the epoch decide a touched point. */
  readonly keyed: boolean;
  /** Loop index of the innermost digit of the epoch; −1 where it is empty. */
  readonly epoch: number;
  /** Whether digits before the tail set weights of the tail. */
  readonly tailVaries: boolean;
}

interface Usage {
  first: number;
  bias: boolean;
  head: boolean;
  tailWeight: boolean;
  /** Whether a weight of a step that does not read the input. */
  deep: boolean;
}

/** *Exact.* The loops of a lattice. `radices` of its digits. */
export function loopsOf(lattice: Lattice, radices: readonly number[]): Loops {
  const usages = usagesOf(lattice, radices.length);
  const positions = radices.map((_, position) => position);
  const usage = (position: number): Usage => usages[position] as Usage;
  const head = positions
    .filter((position) => usage(position).head)
    .sort((a, b) => {
      const [one, other] = [usage(a), usage(b)];
      return one.first - other.first || rolePlace(one) - rolePlace(other) || a - b;
    });
  const solved = solvable(lattice, head, usages, radices);
  const order = solved === -1 ? head : [...head.filter((each) => each !== solved), solved];
  return {
    order,
    solved: solved !== -1,
    tail: positions.filter((position) => !usage(position).head && usage(position).tailWeight),
    idle: positions.filter((position) => !usage(position).head && !usage(position).tailWeight),
    keyed: isKeyed(lattice),
    epoch: order.findLastIndex((position) => usage(position).deep),
    tailVaries: order.some((position) => usage(position).tailWeight),
  };
}

/** Weights come before biases. */
function rolePlace({ bias }: Usage): number {
  return bias ? 1 : 0;
}

function usagesOf(lattice: Lattice, digits: number): Usage[] {
  const usages = Array.from({ length: digits }, (): Usage => ({
    first: Infinity,
    bias: false,
    head: false,
    tailWeight: false,
    deep: false,
  }));
  lattice.steps.forEach((step, k) => {
    if (step.op !== 'dense') return;
    const inHead = k < lattice.tail;
    const use = (coefficient: Coefficient, isBias: boolean): void => {
      const position = digitOf(lattice, coefficient);
      const usage = usages[position];
      if (usage === undefined) return;
      if (k < usage.first) {
        usage.first = k;
        usage.bias = isBias;
      }
      if (inHead) usage.head = true;
      if (isBias) return;
      if (!inHead) usage.tailWeight = true;
      if (step.in === 0) return;
      usage.deep = true;
    };
    step.weight.forEach((coefficient) => {
      use(coefficient, false);
    });
    step.bias.forEach((coefficient) => {
      use(coefficient, true);
    });
  });
  return usages;
}

/** The digit that sets a coefficient; −1 where it is a constant. */
export function digitOf(lattice: Lattice, coefficient: Coefficient): number {
  return 'table' in coefficient ? (lattice.tables[coefficient.table]?.digit ?? -1) : -1;
}

/** The digit to solve for, or −1: of those that can be, one with most values and fewest units. */
function solvable(
  lattice: Lattice,
  head: readonly number[],
  usages: readonly Usage[],
  radices: readonly number[],
): number {
  const units = new Map<number, number>();
  const spoiled = new Set<number>(head.filter((position) => usages[position]?.deep === true));
  for (let k = 0; k < lattice.tail; k += 1) {
    const step = lattice.steps[k] as Step;
    if (step.op !== 'dense') continue;
    const last = isLast(lattice, step);
    const count = (coefficient: Coefficient): void => {
      const position = digitOf(lattice, coefficient);
      if (position === -1) return;
      units.set(position, (units.get(position) ?? 0) + 1);
      if (!last) spoiled.add(position);
    };
    step.weight.forEach(count);
    step.bias.forEach(count);
  }
  let best = -1;
  for (const position of head) {
    if (spoiled.has(position)) continue;
    const better =
      best === -1 ||
      (radices[position] ?? 0) > (radices[best] ?? 0) ||
      (radices[position] === radices[best] && (units.get(position) ?? 0) <= (units.get(best) ?? 0));
    if (better) best = position;
  }
  return best;
}

/** Whether only the tail reads what the units of a dense step become. */
function isLast(lattice: Lattice, { out }: DenseStep): boolean {
  // A dense result is read by one activation, the step behind it (`net/check.ts`).
  const activation = lattice.steps.findIndex((step) => step.op === 'activation' && step.in === out);
  const becomes = lattice.steps[activation]?.out;
  return !lattice.steps.slice(0, lattice.tail).some((step) => {
    if (step.op === 'affine') return step.terms.flat().some(({ variable }) => variable === becomes);
    return step.in === becomes;
  });
}

function isKeyed(lattice: Lattice): boolean {
  const head = lattice.steps.slice(0, lattice.tail);
  if (head.some((step) => step.op === 'activation' && !step.straight)) return false;
  if (head.every((step) => step.op !== 'dense' || step.in === 0)) return true;
  return (
    lattice.samples === 1 &&
    head.every((step) => {
      if (step.op === 'max') return step.windows.every((window) => window.length === 1);
      if (step.op !== 'activation' || step.kinks === 0) return true;
      return denseBefore(lattice, step)?.biasPrivate.every((own) => own === 1) ?? false;
    })
  );
}
