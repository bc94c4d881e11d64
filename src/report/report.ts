/**
 * What every renderer is given beside the result: the job that computed it.
 *
 * A report is a pure function of (result, job): no clock, no randomness, no look back at the
 * request. Rendering the same result twice gives the same bytes.
 */
export interface ReportJob {
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly finishedAt: string | null;
}
