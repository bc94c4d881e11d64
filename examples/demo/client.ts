/**
 * A client of the service in a few lines: post a question, follow the job, fetch what came out.
 * Uses nothing but `fetch`, as a program in any language would use its own HTTP client.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '../../src/schemas/job.js';
import type { Result } from '../../src/schemas/result.js';

const FINAL: readonly Job['state'][] = ['succeeded', 'failed', 'cancelled'];

async function answer(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new Error(`${response.url}: ${String(response.status)} ${await response.text()}`);
}

/** Posts the body of a request; the job that answers it, new or known. Throws on a refusal. */
export async function submit(origin: string, body: unknown): Promise<Job> {
  const response = await fetch(`${origin}/analyze`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await (await answer(response)).json()) as Job;
}

/**
 * Follows a job to its final state by its event stream, telling every change; polls where a stream
 * ends early. Throws where the job did not succeed.
 */
export async function follow(origin: string, job: Job, onChange: (job: Job) => void): Promise<Job> {
  let last = job;
  const take = (next: Job): void => {
    last = next;
    onChange(next);
  };
  if (!FINAL.includes(last.state)) {
    const stream = await answer(await fetch(`${origin}${job.links.events}`));
    if (stream.body !== null) {
      for await (const changed of eventsOf(stream.body)) {
        take(changed);
        if (FINAL.includes(changed.state)) break;
      }
    }
  }
  while (!FINAL.includes(last.state)) {
    const response = await answer(await fetch(`${origin}${job.links.self}`));
    take((await response.json()) as Job);
    const wait = Number(response.headers.get('retry-after') ?? '1');
    if (!FINAL.includes(last.state)) await pause(wait * 1000);
  }
  if (last.state !== 'succeeded') {
    throw new Error(`job ${last.id} ${last.state}: ${last.error?.detail ?? 'no reason given'}`);
  }
  return last;
}

/** The jobs in the `data` lines of an event stream. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Job> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const lines = frame.split('\n');
      const data = lines.find((line) => line.startsWith('data: '));
      const kind = lines.find((line) => line.startsWith('event: '))?.slice('event: '.length);
      if (data !== undefined && (kind === 'state' || kind === 'progress')) {
        yield JSON.parse(data.slice('data: '.length)) as Job;
      }
    }
  }
}

/** The exact result of a job that succeeded. */
export async function resultOf(origin: string, job: Job): Promise<Result> {
  return (await (await answer(await fetch(`${origin}${job.links.result}`))).json()) as Result;
}

/** The report of a job that succeeded, as a page. */
export async function pageOf(origin: string, job: Job): Promise<string> {
  const response = await fetch(`${origin}${job.links.report}`, {
    headers: { accept: 'text/html' },
  });
  return (await answer(response)).text();
}
