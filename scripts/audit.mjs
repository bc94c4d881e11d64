/**
 * The gate on known vulnerabilities of what is shipped: `npm audit --omit=dev`, with an exit code
 * that says what was found out.
 *
 *   0   the registry knows no vulnerability in the packages of the lock file
 *   1   it knows some; each is named
 *   75  it was not found out: the registry's audit endpoint does not answer (EX_TEMPFAIL)
 *
 * npm itself ends with 1 in both of the last cases, so that a gate of it alone is red without a
 * network, or, once that is tolerated, green with a vulnerability.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NOT_FOUND_OUT = 75;

function end(code, line) {
  process.stdout.write(`audit: ${line}\n`);
  process.exit(code);
}

const { stdout, stderr, error } = spawnSync(
  'npm',
  ['audit', '--omit=dev', '--json', '--fetch-retries=1', '--fetch-timeout=30000'],
  { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
);
if (error) throw error;
const report = JSON.parse(stdout === '' ? '{}' : stdout);
const counts = report.metadata?.vulnerabilities;
if (counts === undefined) {
  const why = report.message ?? report.error?.summary ?? stderr.trim().split('\n').at(-1);
  end(NOT_FOUND_OUT, `SKIPPED, the registry's audit endpoint does not answer: ${why}`);
}
for (const [name, { severity, range, via }] of Object.entries(report.vulnerabilities)) {
  const titles = via.map((each) => (typeof each === 'string' ? each : `${each.title} ${each.url}`));
  process.stdout.write(`audit: ${severity}: ${name} ${range}: ${titles.join('; ')}\n`);
}
const packages = report.metadata.dependencies.prod;
if (counts.total > 0) end(1, `${counts.total} of ${packages} shipped packages are vulnerable`);
end(0, `no known vulnerability in ${packages} shipped packages`);
