/** What a planning thread does: the pure functions that read, plan and bound a question. */
import { planOf, planningOf } from '../plan/make.js';
import { parseRequest } from '../plan/parse.js';
import type { Limits } from '../plan/plan.js';
import type { Question } from '../plan/question.js';
import { boundsOf } from '../plan/result.js';
import type { Mode } from '../schemas/request.js';

interface Asked {
  readonly question: Question;
  readonly limits: Limits;
}

export const parse = ({
  body,
  mode,
}: {
  readonly body: unknown;
  readonly mode: Mode | undefined;
}) => parseRequest(body, mode);
export const plan = ({ question, limits }: Asked) => planOf(question, limits);
export const planning = ({ question, limits }: Asked) => planningOf(question, limits);
export const bounds = ({ question }: Pick<Asked, 'question'>) => boundsOf(question);
