/** How the planner says that it does not take a question. */

/** Thrown where a question took too long, or too much memory, to be read and planned. */
export class PlanningTooLong extends Error {
  override readonly name = 'PlanningTooLong';
}

/** Thrown where too many questions wait already. */
export class PlannerBusy extends Error {
  override readonly name = 'PlannerBusy';
}
