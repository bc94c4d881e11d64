/**
 * From the policy of a request to one in canonical text: limits in lowest terms, no rule that its
 * mode can never decide. Two policies that demand the same are equal here.
 *
 * A policy is no part of a plan. Plans, tallies and results are found by what is counted; a job is
 * found by its plan and its policy. So another policy is another job over the same stored counts:
 * nothing is counted again, and no job's verdict ever changes.
 */
import {
  ONE,
  ZERO,
  compare,
  fromDouble,
  parseExact,
  toText,
  type Rational,
} from '../engine/index.js';
import type { ExactInput } from '../schemas/exact.js';
import type { PolicyInput } from '../schemas/policy.js';
import type { Mode } from '../schemas/request.js';
import type { Fault } from './question.js';

export interface DensityRule {
  /** In [0, 1], exact text in lowest terms. */
  readonly maxDensity: string;
}

export interface Policy {
  readonly nonDifferentiable?: DensityRule;
  readonly incorrect?: DensityRule;
  readonly touched?: DensityRule | { readonly maxNeurons: number };
  readonly differentiable?: true;
  readonly adCorrect?: true;
  readonly clarke?: 'certified';
}

export type ParsedPolicy =
  | { readonly ok: true; readonly policy: Policy | null }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const DENSITIES = ['nonDifferentiable', 'incorrect', 'touched'] as const;

/** Why a rule can never be decided in a mode; null where it can. */
function misfit(rule: string, mode: Mode): string | null {
  const ofPoint =
    rule === 'differentiable' || rule === 'adCorrect' || rule === 'touched/maxNeurons';
  if (ofPoint && mode !== 'point') {
    return `speaks of one point; mode "${mode}" speaks of the whole space`;
  }
  if (rule.endsWith('/maxDensity') && mode === 'point') {
    return 'speaks of the whole space; mode "point" speaks of one point';
  }
  if (rule === 'touched/maxDensity' && mode === 'bounds') {
    return 'is bounded by no theorem; modes "exhaustive" and "sampled" decide it';
  }
  return null;
}

function limitOf(input: ExactInput): Rational | null {
  try {
    return typeof input === 'number' ? fromDouble(input) : parseExact(input);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * *Exact.* The policy of a request that passed `PolicySchema`; null where it has none. Every fault
 * is told, with the JSON Pointer of its rule in the body.
 */
export function parsePolicy(input: PolicyInput | undefined, mode: Mode): ParsedPolicy {
  if (input === undefined) return { ok: true, policy: null };
  const faults: Fault[] = [];
  const fits = (rule: string): void => {
    const why = misfit(rule, mode);
    if (why === null) return;
    const detail = `the rule ${rule.replace('/', '.')} can never apply: it ${why}`;
    faults.push({ pointer: `/policy/${rule}`, code: 'rule-never-applies', detail });
  };
  const policy: { -readonly [Rule in keyof Policy]: Policy[Rule] } = {};
  for (const rule of DENSITIES) {
    const given = input[rule]?.maxDensity;
    if (given === undefined) continue;
    fits(`${rule}/maxDensity`);
    const limit = limitOf(given);
    if (limit === null || compare(limit, ZERO) < 0 || compare(limit, ONE) > 0) {
      const detail = `must be a density, from 0 to 1, not ${JSON.stringify(given)}`;
      faults.push({ pointer: `/policy/${rule}/maxDensity`, code: 'out-of-range', detail });
    } else {
      policy[rule] = { maxDensity: toText(limit) };
    }
  }
  const maxNeurons = input.touched?.maxNeurons;
  if (maxNeurons !== undefined) {
    fits('touched/maxNeurons');
    policy.touched = { maxNeurons };
  }
  for (const rule of ['differentiable', 'adCorrect'] as const) {
    if (input[rule] === undefined) continue;
    fits(rule);
    policy[rule] = true;
  }
  if (input.clarke !== undefined) policy.clarke = input.clarke;
  return faults.length > 0 ? { ok: false, faults } : { ok: true, policy };
}
