/**
 * The spans of tangents behind the joint outcomes of one expansion. Equal spans are one object with a
 * number of its own, so that a span is made, and named, once for the many states that have it.
 */
import type { Outcome, State } from './law.js';
import { spanOf, type Vector } from './subspace.js';

export interface Span {
  /** Below the number of spans; 0 for {0}. */
  readonly id: number;
  /** Its canonical basis. */
  readonly tangents: readonly Vector[];
}

/** Units that a mask has bits for. */
const MASK_UNITS = 30;

export class Spans {
  readonly #byName = new Map<string, Span>();
  /** Of unit vectors alone, by their mask. */
  readonly #ofUnits = new Map<number, Span>();

  constructor() {
    this.#named([]);
  }

  /**
   * *Exact.* The span of the tangents that the outcomes carry on from a state before, and of their own
   * ties where these are added, or of the tied unit's. Throws Outgrown.
   */
  behind(
    outcomes: readonly Outcome[],
    { tangents }: State,
    { addTies, tiedUnit }: { readonly addTies: boolean; readonly tiedUnit?: number },
  ): Span {
    const isOwn = (unit: number): boolean =>
      unit === tiedUnit || (addTies && outcomes[unit]?.free === true);
    if (tangents.length > 0 || outcomes.length > MASK_UNITS) {
      return this.#made(outcomes, tangents, isOwn);
    }
    let mask = 0;
    for (let unit = 0; unit < outcomes.length; unit += 1) if (isOwn(unit)) mask |= 1 << unit;
    const known = this.#ofUnits.get(mask);
    if (known !== undefined) return known;
    const made = this.#made(outcomes, tangents, isOwn);
    this.#ofUnits.set(mask, made);
    return made;
  }

  #made(
    outcomes: readonly Outcome[],
    before: readonly Vector[],
    isOwn: (unit: number) => boolean,
  ): Span {
    const vectors = before.map((_, k) => outcomes.map((outcome) => outcome.q[k] ?? 0));
    outcomes.forEach((_, unit) => {
      if (isOwn(unit)) vectors.push(outcomes.map((_outcome, i) => (i === unit ? 1 : 0)));
    });
    return this.#named(vectors.length === 0 ? [] : spanOf(vectors));
  }

  #named(tangents: readonly Vector[]): Span {
    const name = tangents.map((vector) => vector.join(' ')).join(';');
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const made = { id: this.#byName.size, tangents };
    this.#byName.set(name, made);
    return made;
  }
}
