/**
 * The report as SARIF 2.1.0 (OASIS), for code scanning.
 *
 * One result per rule of the policy (a rule that holds has kind `pass`), and one per finding: points
 * without a derivative, points where AD is wrong, points left undecided, a refuted Clarke membership.
 * A broken rule has level `error`; so has an undecided one, because readers of SARIF look at levels
 * and a gate must not open on what is not known. Findings alone are warnings and notes: whether they
 * matter is the policy's business. Locations name neurons; the artifact is the job's result.
 */
import type { JudgedRule } from '../schemas/policy.js';
import type { Result } from '../schemas/result.js';
import { figureText } from './policy-section.js';
import type { ReportJob } from './report.js';

const RULES = {
  policy: 'A rule of the policy of the request.',
  'non-differentiable': 'The network has no derivative at some machine-representable parameters.',
  'ad-incorrect': 'The network has a derivative, and automatic differentiation returns another.',
  undecided: 'More pieces meet at a point than the judge may walk; nothing is said of it.',
  'clarke-refuted': 'What automatic differentiation returns is no generalised derivative.',
} as const;
type RuleId = keyof typeof RULES;

interface Place {
  readonly layer: number;
  readonly unit: number;
}

interface Finding {
  readonly rule: RuleId;
  readonly kind: 'fail' | 'pass' | 'open';
  readonly level: 'error' | 'warning' | 'note' | 'none';
  readonly text: string;
  readonly places: readonly Place[];
  readonly properties?: object;
}

function judged(rule: JudgedRule): Finding {
  const passed = rule.verdict === 'pass';
  return {
    rule: 'policy',
    kind: passed ? 'pass' : 'fail',
    level: passed ? 'none' : 'error',
    text: `${rule.rule}: ${rule.verdict}; limit ${rule.limit}, found ${figureText(rule.figure)} (${rule.why}).`,
    places: [],
    properties: { rule: rule.rule, verdict: rule.verdict, limit: rule.limit, figure: rule.figure },
  };
}

function counted(result: Extract<Result, { mode: 'exhaustive' }>): Finding[] {
  const kinds = [
    ['nonDifferentiable', 'non-differentiable', 'note', 'have no derivative'],
    ['incorrect', 'ad-incorrect', 'warning', 'have a derivative that AD does not return'],
    ['undecided', 'undecided', 'note', 'are undecided'],
  ] as const;
  return kinds.flatMap(([kind, rule, level, text]): Finding[] => {
    const count = result.counts[kind];
    if (count === '0') return [];
    const witness = result.witnesses.find((one) => one.kind === kind);
    return [
      {
        rule,
        kind: 'fail',
        level,
        text: `${count} of ${result.space.size} parameter vectors ${text}.`,
        places: witness?.neurons ?? [],
        properties: { count, ...(witness === undefined ? {} : { witness: witness.parameters }) },
      },
    ];
  });
}

function drawn(result: Extract<Result, { mode: 'sampled' }>): Finding[] {
  const kinds = [
    ['nonDifferentiable', 'non-differentiable', 'note', 'have no derivative'],
    ['incorrect', 'ad-incorrect', 'warning', 'have a derivative that AD does not return'],
  ] as const;
  const findings = kinds.flatMap(([kind, rule, level, tells]): Finding[] => {
    const { estimate, lower, upper, confidence } = result.density[kind];
    // An interval that begins at 0 shows nothing.
    if (lower === 0) return [];
    const text = `Between ${String(lower)} and ${String(upper)} of the parameter vectors ${tells}, at confidence ${String(confidence)}.`;
    const properties = { estimate, lower, upper, confidence };
    return [{ rule, kind: 'fail', level, text, places: [], properties }];
  });
  if (result.undecided === null || result.undecided === '0') return findings;
  const text = `A mean share of ${result.undecided} of the samples is undecided.`;
  return [...findings, { rule: 'undecided', kind: 'fail', level: 'note', text, places: [] }];
}

function examined(result: Extract<Result, { mode: 'point' }>): Finding[] {
  const { adCorrect, clarke, differentiable, touched } = result;
  const places = touched.filter((tie) => tie.relevant);
  const findings: Finding[] = [];
  const add = (rule: RuleId, level: Finding['level'], text: string): void => {
    findings.push({ rule, kind: 'fail', level, text, places });
  };
  if (differentiable === false) add('non-differentiable', 'note', 'There is no derivative here.');
  if (differentiable === null) add('undecided', 'note', 'Whether there is a derivative is open.');
  if (adCorrect === false) add('ad-incorrect', 'warning', 'AD does not return the derivative.');
  if (clarke.membership === 'refuted') add('clarke-refuted', 'warning', `${clarke.why}.`);
  return findings;
}

function findingsOf(result: Result): Finding[] {
  const rules = (result.rules ?? []).map(judged);
  switch (result.mode) {
    case 'exhaustive':
      return [...rules, ...counted(result)];
    case 'sampled':
      return [...rules, ...drawn(result)];
    case 'point':
      return [...rules, ...examined(result)];
    case 'bounds':
      return rules;
  }
}

const IDS = Object.keys(RULES) as RuleId[];

function sarifResult(
  { rule, kind, level, text, places, properties }: Finding,
  uri: string,
): object {
  return {
    ruleId: rule,
    ruleIndex: IDS.indexOf(rule),
    kind,
    level,
    message: { text },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri }, region: { startLine: 1 } },
        ...(places.length === 0
          ? {}
          : {
              logicalLocations: places.map(({ layer, unit }) => ({
                name: `layer ${String(layer)}, unit ${String(unit)}`,
                fullyQualifiedName: `layers/${String(layer)}/units/${String(unit)}`,
                kind: 'member',
              })),
            }),
      },
    ],
    ...(properties === undefined ? {} : { properties }),
  };
}

/** The report of a finished job as SARIF. A pure function of its arguments. */
export function renderSarif(result: Result, job: ReportJob): string {
  const uri = `jobs/${job.id}/result`;
  return JSON.stringify({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'gradcert',
            // The engine's version is part of what was asked; the same for the same result.
            version: result.engine,
            rules: IDS.map((id) => ({ id, shortDescription: { text: RULES[id] } })),
          },
        },
        automationDetails: { id: `gradcert/${job.id}` },
        invocations: [
          {
            executionSuccessful: true,
            startTimeUtc: job.createdAt,
            ...(job.finishedAt === null ? {} : { endTimeUtc: job.finishedAt }),
          },
        ],
        properties: { mode: result.mode, verdict: result.verdict ?? null },
        results: findingsOf(result).map((finding) => sarifResult(finding, uri)),
      },
    ],
  });
}
