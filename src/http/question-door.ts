/** What the plan says of a body, turned into a question, a plan, or the problem that refuses it. */
import type { Plan } from '../plan/plan.js';
import type { Question } from '../plan/question.js';
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

/** The plan, or the refusal with what it says beside its detail. */
export function planOrRefuse(planned: Planned): Plan {
  if (planned.ok) return planned.plan;
  const { code, detail, extensions } = planned.refusal;
  throw new ProblemError(codeOr(code, 'unprocessable'), detail, { extensions });
}
