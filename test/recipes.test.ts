/**
 * The recipes of examples/pipelines against the real service, behind keys: the shell steps as they
 * stand in the files. A pipeline goes on where the policy is met and in no other case.
 *
 * Not run are the steps that are the platform's own: fetching the sources, installing curl and jq,
 * uploading what the steps left behind.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { parse } from 'yaml';
import { openKeyRing } from '../src/access/keys.js';
import { privateRedis, type PrivateRedis } from './redis-fixture.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';
import { until } from './until.js';

const FOLDER = fileURLToPath(new URL('../../examples/pipelines/', import.meta.url));
const missing = ['curl', 'jq', 'bash'].filter(
  (program) => spawnSync(program, ['--version']).error !== undefined,
);
const skip = missing.length === 0 ? false : `not on this machine: ${missing.join(', ')}`;

let server: PrivateRedis;
let service: ServiceProcess;
let key: string;

before(async () => {
  server = await privateRedis();
  const redis = new Redis(server.url);
  await until('Redis is there', () => redis.status === 'ready');
  const keys = openKeyRing(redis, '{recipes}');
  key = (await keys.create({ tenant: 'pipeline', scope: 'submit' })).text;
  redis.disconnect();
  service = await startServiceProcess({
    ...server.environment('recipes'),
    HOST: '0.0.0.0',
    GRADCERT_LOG_LEVEL: 'info',
  });
});
after(async () => {
  await service.stop();
  await server.stop();
});

interface Step {
  readonly script: string;
  /** Runs also where a step before it failed. */
  readonly always: boolean;
}

interface Recipe {
  readonly name: string;
  readonly steps: () => Promise<readonly Step[]>;
  readonly leaves: readonly string[];
}

const text = (file: string): Promise<string> => readFile(join(FOLDER, file), 'utf8');

const RECIPES: readonly Recipe[] = [
  {
    name: 'curl',
    steps: async () => [
      { script: `sh ${join(FOLDER, 'gate.sh')} gradcert.request.json`, always: false },
    ],
    leaves: ['gate.json', 'gradcert.junit.xml', 'gradcert.sarif'],
  },
  {
    name: 'GitHub Actions',
    async steps() {
      const { jobs } = parse(await text('github-actions.yml')) as {
        jobs: { gate: { steps: { run?: string; if?: string }[] } };
      };
      return jobs.gate.steps.flatMap((step) =>
        step.run === undefined
          ? []
          : [
              {
                script: `set -eo pipefail\n${step.run}`,
                always: step.if === '${{ !cancelled() }}',
              },
            ],
      );
    },
    leaves: ['gate.json', 'gradcert.sarif', 'gradcert.junit'],
  },
  {
    name: 'GitLab CI',
    async steps() {
      const { gradcert } = parse(await text('gitlab-ci.yml')) as {
        gradcert: { script: string[]; after_script: string[] };
      };
      // One shell for all lines, as the runner does it; another one afterwards.
      return [
        { script: `set -e\n${gradcert.script.join('\n')}`, always: false },
        { script: gradcert.after_script.join('\n'), always: true },
      ];
    },
    leaves: ['gate.json', 'gradcert.junit.xml'],
  },
];

interface Run {
  readonly passed: boolean;
  readonly output: string;
  readonly read: (file: string) => Promise<string>;
}

/** Runs the steps as the platform would, over a request, in a folder of their own. */
async function run(
  t: TestContext,
  recipe: Recipe,
  request: object,
  environment: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'gradcert-recipe-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'gradcert.request.json'), JSON.stringify(request));
  let passed = true;
  let output = '';
  for (const { script, always } of await recipe.steps()) {
    if (!passed && !always) continue;
    const child = spawn('bash', ['-c', script], {
      cwd: folder,
      env: {
        ...process.env,
        GRADCERT_URL: service.origin,
        GRADCERT_KEY: key,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    await once(child, 'close');
    // What comes afterwards does not make a failed pipeline pass, nor the other way round.
    if (!always) passed = passed && child.exitCode === 0;
  }
  return { passed, output, read: (file) => readFile(join(folder, file), 'utf8') };
}

async function requestWith(policy: object | undefined): Promise<object> {
  const { policy: shipped, ...question } = JSON.parse(await text('gradcert.request.json')) as {
    policy: object;
  };
  assert.ok(shipped);
  return policy === undefined ? question : { ...question, policy };
}

for (const recipe of RECIPES) {
  describe(recipe.name, { skip }, () => {
    test('goes on where the policy is met, with its reports', async (t) => {
      const request = JSON.parse(await text('gradcert.request.json')) as object;
      const { passed, output, read } = await run(t, recipe, request);
      assert.ok(passed, output);
      assert.equal((JSON.parse(await read('gate.json')) as { verdict: string }).verdict, 'pass');
      for (const file of recipe.leaves) {
        const report = await read(file);
        if (file.includes('junit'))
          assert.match(report, /<testsuite name="policy" tests="3" failures="0"/);
        if (file.includes('sarif')) {
          assert.equal((JSON.parse(report) as { version: string }).version, '2.1.0');
        }
      }
      assert.ok(!output.includes(key));
    });

    for (const [why, policy, verdict] of [
      ['a rule is broken', { nonDifferentiable: { maxDensity: '1/100' } }, 'fail'],
      ['there is no policy', undefined, undefined],
    ] as const) {
      test(`stops where ${why}`, async (t) => {
        const { passed, output, read } = await run(t, recipe, await requestWith(policy));
        assert.ok(!passed, output);
        const gate = JSON.parse(await read('gate.json')) as { verdict?: string };
        assert.equal(gate.verdict, verdict);
        if (verdict === undefined) return;
        const junit = recipe.leaves.find((file) => file.includes('junit')) ?? '';
        assert.match(await read(junit), /<testsuite name="policy" tests="1" failures="1"/);
      });
    }

    test('stops where a rule is left open', async (t) => {
      const request = {
        ...(await requestWith({ incorrect: { maxDensity: '0' } })),
        mode: 'bounds',
      };
      const open = {
        ...request,
        proxies: 'pytorch',
        policy: { nonDifferentiable: { maxDensity: '0' } },
      };
      const { passed, output, read } = await run(t, recipe, open);
      assert.ok(!passed, output);
      const { verdict } = JSON.parse(await read('gate.json')) as { verdict: string };
      assert.equal(verdict, 'inconclusive');
    });

    test('stops where the key is none, and where the service is away', async (t) => {
      const request = await requestWith({ incorrect: { maxDensity: '0' } });
      const none = await run(t, recipe, request, { GRADCERT_KEY: 'gck_none' });
      assert.ok(!none.passed, none.output);
      // A port that nothing listens on.
      const away = await run(t, recipe, request, { GRADCERT_URL: 'http://127.0.0.1:1' });
      assert.ok(!away.passed, away.output);
    });
  });
}
