/**
 * The files of examples/operation: every query is PromQL by Prometheus' own grammar, and every
 * metric and label that they name is exported by a real service that has done a job.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { privateRedis, type PrivateRedis } from './redis-fixture.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';
import { until } from './until.js';

const FOLDER = new URL('../../examples/', import.meta.url);
const fileOf = (name: string): string => fileURLToPath(new URL(name, FOLDER));
const text = (name: string): Promise<string> => readFile(fileOf(name), 'utf8');

let server: PrivateRedis;
let service: ServiceProcess;
let exposition: string;

before(async () => {
  server = await privateRedis();
  service = await startServiceProcess({
    ...server.environment('operation'),
    GRADCERT_LOG_LEVEL: 'info',
  });
  const posted = await fetch(`${service.origin}/analyze`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: await text('pipelines/gradcert.request.json'),
  });
  const { id } = (await posted.json()) as { id: string };
  await until(
    'the gate is open',
    async () => (await fetch(`${service.origin}/jobs/${id}/gate`)).ok,
  );
  exposition = await until('the shard is counted', async () => {
    const scraped = await (await fetch(`${service.origin}/metrics`)).text();
    return /^gradcert_shards_total\{outcome="computed"\} 1$/m.test(scraped) ? scraped : null;
  });
});
after(async () => {
  await service.stop();
  await server.stop();
});

interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** The selectors of a query. Throws where it is no PromQL. */
function selectors(query: string): Selector[] {
  const found: Selector[] = [];
  const tree = parser.parse(query);
  tree.iterate({
    enter(node) {
      if (node.type.isError) throw new SyntaxError(`at ${String(node.from)}: ${query}`);
      if (node.name !== 'VectorSelector') return;
      const metric = node.node.getChild('Identifier');
      const labels: string[] = [];
      node.node.cursor().iterate((inner) => {
        if (inner.name === 'LabelName') labels.push(query.slice(inner.from, inner.to));
      });
      found.push({ metric: metric === null ? '' : query.slice(metric.from, metric.to), labels });
    },
  });
  return found;
}

/** Labels that Prometheus adds to whatever it scrapes. */
const OF_PROMETHEUS = new Set(['job', 'instance']);

function assertExported(query: string): void {
  const all = selectors(query);
  assert.ok(all.length > 0, query);
  for (const { metric, labels } of all) {
    const samples = exposition
      .split('\n')
      .filter((line) => new RegExp(`^${metric}[{ ]`).test(line));
    assert.ok(samples.length > 0, `${metric} is not exported: ${query}`);
    for (const label of labels.filter((name) => !OF_PROMETHEUS.has(name))) {
      assert.ok(
        samples.some((line) => new RegExp(`[{,] ?${label}="`).test(line)),
        `${metric} has no label ${label}: ${query}`,
      );
    }
  }
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly for?: string;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

test('every alert asks for what is exported, and says what is wrong', async () => {
  const { groups } = parse(await text('operation/alerts.yml')) as Rules;
  const rules = groups.flatMap((group) => group.rules);
  assert.ok(rules.length >= 10);
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  for (const rule of rules) {
    assertExported(rule.expr);
    assert.match(rule.for ?? '1m', /^[0-9]+[smh]$/);
    assert.ok((rule.annotations['summary'] ?? '').length > 10, rule.alert);
  }
});

test('every panel asks for what is exported', async () => {
  const { panels } = JSON.parse(await text('operation/grafana-dashboard.json')) as {
    panels: { id: number; title: string; targets: { expr: string }[] }[];
  };
  assert.ok(panels.length >= 12);
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const { expr } of panels.flatMap(({ targets }) => targets)) {
    // Grafana's variables, as Grafana fills them in.
    assertExported(expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.*'));
  }
});

test('a query that is none, a metric that is none and a label that is none are found', () => {
  assert.throws(() => {
    assertExported('sum(gradcert_workers');
  }, SyntaxError);
  assert.throws(() => {
    assertExported('gradcert_worker > 0');
  }, /is not exported/);
  assert.throws(() => {
    assertExported('gradcert_shards_total{result="failed"}');
  }, /has no label result/);
});

const promtool = spawnSync('promtool', ['--version']).error === undefined;
test(
  'promtool takes the alerts',
  { skip: promtool ? false : 'promtool is not on this machine; the grammar above has parsed them' },
  () => {
    const { status, stderr } = spawnSync(
      'promtool',
      ['check', 'rules', fileOf('operation/alerts.yml')],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
  },
);
