/** What the plan says of a body, turned into a question, a plan, or the problem that refuses it. */
import type { Plan } from '../plan/plan.js';
import { parsePolicy, type Policy } from '../plan/policy.js';
import type { Question } from '../plan/question.js';
import type { PolicyInput } from '../schemas/policy.js';
import type { Mode } from '../schemas/request.js';
import type { Parsed, Planned } from './dependencies.js';
import { ProblemError, isProblemCode, type ProblemCode } from './problem.js';

/** A code of the plan that has no row of its own is answered under the general one. */
function codeOr(code: string, otherwise: ProblemCode): ProblemCode {
  return isProblemCode(code) ? code : otherwise;
}

/** The question, or the refusal with one entry per fault. */
export function questionOrRefuse(parsed: Parsed): Question {
  if (parsed.ok) return parsed.question;
  const otherwise = parsed.status === 400 ? 'invalid-request' : 'invalid-question';
  throw new ProblemError(codeOr(parsed.code, otherwise), parsed.detail, {
    errors: parsed.faults,
    ...(parsed.extensions === undefined ? {} : { extensions: parsed.extensions }),
  });
}

/** The policy, null where there is none, or the refusal with one entry per rule at fault. */
export function policyOrRefuse(input: PolicyInput | undefined, mode: Mode): Policy | null {
  const parsed = parsePolicy(input, mode);
  if (parsed.ok) return parsed.policy;
  const detail = parsed.faults.map((fault) => fault.detail).join('; ');
  throw new ProblemError('invalid-policy', `The policy cannot be judged: ${detail}.`, {
    errors: parsed.faults,
  });
}

/** The plan, or the refusal with what it says beside its detail. */
export function planOrRefuse(planned: Planned): Plan {
  if (planned.ok) return planned.plan;
  const { code, detail, extensions } = planned.refusal;
  throw new ProblemError(codeOr(code, 'unprocessable'), detail, { extensions });
}
