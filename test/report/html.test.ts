import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { HTML_REPORT_CSP, renderHtml } from '../../src/report/html.js';
import { EXHAUSTIVE, HOSTILE, JOB, POINT } from './results.js';

test('the policy names the hash of the one stylesheet and allows nothing else to load', async () => {
  const page = await renderHtml(EXHAUSTIVE, JOB);
  const styles = [...page.matchAll(/<style>([^]*?)<\/style>/g)];
  assert.equal(styles.length, 1);
  const hash = createHash('sha256')
    .update(styles[0]?.[1] ?? '')
    .digest('base64');
  assert.ok(HTML_REPORT_CSP.includes(`style-src 'sha256-${hash}'`));
  assert.ok(HTML_REPORT_CSP.startsWith("default-src 'none'"));
  assert.doesNotMatch(HTML_REPORT_CSP, /unsafe|https?:|\*/);
  const meta = /<meta http-equiv="content-security-policy" content="([^"]*)">/.exec(page)?.[1];
  assert.equal(`${(meta ?? '').replaceAll('&#39;', "'")}; frame-ancestors 'none'`, HTML_REPORT_CSP);
});

test('the page holds no script, no style attribute and no address to load', async () => {
  for (const result of [EXHAUSTIVE, POINT, HOSTILE]) {
    const page = await renderHtml(result, JOB);
    assert.doesNotMatch(page, /<script/i);
    assert.doesNotMatch(page, /<[^>]*\sstyle=/i);
    assert.doesNotMatch(page, /<[^>]*\son[a-z]+=/i);
    assert.doesNotMatch(page, /<[^>]*\s(?:src|href)="(?!#|data:,")/i);
    assert.doesNotMatch(page, /<img/i);
  }
});

test('tables have captions, header scopes and the numbers', async () => {
  const page = await renderHtml(EXHAUSTIVE, JOB);
  const tables = page.match(/<table>/g)?.length ?? 0;
  assert.ok(tables >= 5);
  assert.equal(page.match(/<caption>/g)?.length, tables);
  const heads = page.match(/<th\b[^>]*>/g) ?? [];
  assert.ok(heads.length > 0);
  for (const head of heads) assert.match(head, /scope="(?:row|col)"/);
  assert.ok(page.includes('<span class="number">20601000</span>'));
  assert.ok(page.includes('<span class="number">2/15</span>'));
});

test('each plot is one image with a title and a description; ids are unique', async () => {
  const page = await renderHtml(EXHAUSTIVE, JOB);
  assert.equal(page.match(/<svg\b[^>]*role="img"/g)?.length, 2);
  assert.match(page, /<title id="plot-1-title">Density beside each bound<\/title>/);
  const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]);
  assert.equal(new Set(ids).size, ids.length);
});

test('a zero is drawn in its own column, not at the foot of the logarithmic axis', async () => {
  const page = await renderHtml(EXHAUSTIVE, JOB);
  const first = /<svg[^]*?<\/svg>/.exec(page)?.[0] ?? '';
  const positions = [
    ...first.matchAll(/aria-label="[^"]*series: counted[^"]*"[^>]*translate\(([0-9.]+),/g),
  ];
  assert.equal(positions.length, 2);
  const [share, zero] = positions.map((match) => Number(match[1]));
  assert.ok((zero ?? 0) < (share ?? 0));
  assert.match(first, /stroke-dasharray="3,3"/);
});

test('rendering twice gives the same bytes', async () => {
  assert.equal(await renderHtml(EXHAUSTIVE, JOB), await renderHtml(EXHAUSTIVE, JOB));
});
