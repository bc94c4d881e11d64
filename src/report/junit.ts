/**
 * The report as JUnit XML, for the test tab of a pipeline.
 *
 * Suite `policy` has one case per rule: a broken rule is a failure, an undecided one an error, so
 * that no consumer takes it for a success. Suite `theorems` has one case per theorem: held against
 * the count where there is one, skipped where it does not apply or nothing was counted. JUnit has no
 * standard; the elements are those of Jenkins' schema, which GitLab and GitHub's actions read too.
 */
import { create } from 'xmlbuilder2';
import type { Bound, Result } from '../schemas/result.js';
import { figureText } from './policy-section.js';
import type { ReportJob } from './report.js';

interface Case {
  readonly name: string;
  readonly status: 'pass' | 'failure' | 'error' | 'skipped';
  readonly message: string;
  readonly kind: string;
}

function ruleCases({ rules = [] }: Result): Case[] {
  return rules.map(({ rule, verdict, limit, figure, why }) => ({
    name: rule,
    status: verdict === 'pass' ? 'pass' : verdict === 'fail' ? 'failure' : 'error',
    message: `limit ${limit}, found ${figureText(figure)}: ${why}`,
    kind: verdict,
  }));
}

function theoremCase({ id, applies, holds, why, exact, on }: Bound): Case {
  const message = `${on}${exact === null ? '' : `, bound ${exact}`}: ${why}`;
  if (!applies) return { name: id, status: 'skipped', message, kind: 'does not apply' };
  if (holds === null) return { name: id, status: 'skipped', message, kind: 'not compared' };
  return { name: id, status: holds ? 'pass' : 'failure', message, kind: 'contradicted' };
}

const countOf = (cases: readonly Case[], status: Case['status']): string =>
  String(cases.filter((one) => one.status === status).length);

function totals(cases: readonly Case[]): Record<string, string> {
  return {
    tests: String(cases.length),
    failures: countOf(cases, 'failure'),
    errors: countOf(cases, 'error'),
  };
}

/** The report of a finished job as JUnit XML. A pure function of its arguments. */
export function renderJunit(result: Result, job: ReportJob): string {
  const suites = [
    { name: 'policy', cases: ruleCases(result) },
    { name: 'theorems', cases: result.bounds.map(theoremCase) },
  ].filter(({ cases }) => cases.length > 0);
  const root = create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: '\uFFFD' }).ele(
    'testsuites',
    { name: `gradcert ${job.id}`, ...totals(suites.flatMap(({ cases }) => cases)) },
  );
  for (const { name, cases } of suites) {
    const suite = root.ele('testsuite', {
      name,
      ...totals(cases),
      skipped: countOf(cases, 'skipped'),
      ...(job.finishedAt === null ? {} : { timestamp: job.finishedAt }),
    });
    const properties = suite.ele('properties');
    for (const [property, value] of Object.entries({
      job: job.id,
      mode: result.mode,
      engine: result.engine,
      verdict: result.verdict ?? 'no policy',
    })) {
      properties.ele('property', { name: property, value });
    }
    for (const { name: caseName, status, message, kind } of cases) {
      const one = suite.ele('testcase', { name: caseName, classname: `gradcert.${name}` });
      if (status === 'pass') one.ele('system-out').txt(message);
      else if (status === 'skipped') one.ele('skipped').txt(`${kind}; ${message}`);
      else one.ele(status, { type: kind, message }).txt(message);
    }
  }
  return `${root.end({ prettyPrint: true })}\n`;
}
