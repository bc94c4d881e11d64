/** The report page in a real browser, served over loopback with its own policy. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { HTML_REPORT_CSP, renderHtml } from '../../src/report/html.js';
import { CHROMIUM_FLAGS, chromiumPath } from '../chromium.js';
import { EXHAUSTIVE, HOSTILE, JOB, POINT } from './results.js';

const PAGES = { exhaustive: EXHAUSTIVE, point: POINT, hostile: HOSTILE } as const;

let browser: Browser;
let address = '';
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  const result = PAGES[(request.url ?? '').slice(1) as keyof typeof PAGES];
  void renderHtml(result, JOB).then((page) => {
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': HTML_REPORT_CSP,
    });
    response.end(page);
  });
});

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  assert.ok(bound !== null && typeof bound === 'object');
  address = `http://127.0.0.1:${String(bound.port)}`;
  browser = await chromium.launch({
    executablePath: await chromiumPath(),
    args: [...CHROMIUM_FLAGS],
  });
});

after(async () => {
  await browser.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Code for the browser is text: the DOM's types are none of this project's. */
const REPORT_VIOLATIONS = `addEventListener('securitypolicyviolation', (event) => {
  console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI);
});`;

/** Opens a page and collects everything the browser complains of. */
async function open(
  name: keyof typeof PAGES,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[]; requests: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) requests.push(request.url());
  });
  await page.addInitScript({ content: REPORT_VIOLATIONS });
  await page.goto(`${address}/${name}`, { waitUntil: 'load' });
  return { page, complaints, requests };
}

test('the page loads in one request, without a complaint, and shows plots and tables', async () => {
  asked.length = 0;
  const { page, complaints, requests } = await open('exhaustive');
  const plots = page.locator('svg.plot');
  assert.equal(await plots.count(), 2);
  for (const plot of await plots.all()) {
    assert.ok(await plot.isVisible());
    const box = await plot.boundingBox();
    assert.ok(box !== null && box.width > 300 && box.height > 60, JSON.stringify(box));
  }
  const labels = await plots.first().locator('text').allTextContents();
  for (const label of [
    'not differentiable',
    'first moment',
    'L-ndf: not differentiable',
    '0.133333',
  ]) {
    assert.ok(labels.includes(label), `${label} in ${labels.join(' | ')}`);
  }
  const text = await page.locator('main').innerText();
  for (const expected of [
    '20601000',
    '6104/50625',
    '28/225',
    '2/15',
    '≈ 0.120573',
    'w₀[1,0]·x₀ + b₀[1]',
  ]) {
    assert.ok(text.includes(expected), expected);
  }
  assert.deepEqual(complaints, []);
  assert.deepEqual(requests, [`${address}/exhaustive`]);
  assert.deepEqual(asked, ['/exhaustive']);
  await page.context().close();
});

test('the stylesheet is applied: the policy lets it through', async () => {
  const { page, complaints } = await open('point');
  const border = await page.evaluate<string>(
    `getComputedStyle(document.querySelector('.verdict')).borderLeftWidth`,
  );
  assert.notEqual(border, '0px');
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('hostile texts stay text and a number of 4001 digits does not widen the page', async () => {
  for (const width of [1000, 360]) {
    const { page, complaints } = await open('hostile', { viewport: { width, height: 800 } });
    assert.equal(await page.locator('script').count(), 0);
    assert.equal(await page.locator('img').count(), 0);
    const overflow = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    assert.equal(overflow, 0);
    const full = await page.locator('#long-numbers code').allTextContents();
    assert.ok(full.includes(`1${'0'.repeat(4000)}`));
    assert.deepEqual(complaints, []);
    await page.context().close();
  }
});

test('text and background keep their contrast in light and in dark', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await open('exhaustive', { colorScheme });
    const colours = await page.evaluate<string[]>(`[
      ['body', 'backgroundColor'],
      ['body', 'color'],
      ['.approximate', 'color'],
      ['svg.plot text', 'fill'],
    ].map(([selector, property]) => getComputedStyle(document.querySelector(selector))[property])`);
    const [paper, ...inks] = colours.map(luminance);
    for (const ink of inks) {
      const [light, dark] = [Math.max(ink, paper ?? 0), Math.min(ink, paper ?? 0)];
      assert.ok((light + 0.05) / (dark + 0.05) >= 4.5, `${colorScheme} ${colours.join(' ')}`);
    }
    await page.context().close();
  }
});

/** Relative luminance of an `rgb(r, g, b)` colour, after WCAG 2. */
function luminance(colour: string): number {
  const channels = (colour.match(/[0-9.]+/g) ?? []).slice(0, 3).map((text) => Number(text) / 255);
  assert.equal(channels.length, 3, colour);
  const [r, g, b] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

test('a screenshot and a print of the page come out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gradcert-page-'));
  try {
    const { page } = await open('exhaustive');
    const picture = join(folder, 'page.png');
    await page.screenshot({ path: picture, fullPage: true });
    assert.ok((await stat(picture)).size > 20_000);
    const print = await page.pdf({ format: 'A4' });
    assert.equal(print.subarray(0, 5).toString('latin1'), '%PDF-');
    await page.context().close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
