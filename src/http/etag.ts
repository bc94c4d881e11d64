/** Entity tags and conditional requests (RFC 9110 sections 8.8.3 and 13.1.2). */
import { createHash } from 'node:crypto';
import type { JobRecord } from '../queue/job-queue.js';

/** Weak: the record's version stands for its meaning, not for the bytes it is sent as. */
export function jobTag(job: JobRecord): string {
  return `W/"${job.id}.${String(job.version)}"`;
}

/** Strong: the digest of the bytes themselves. */
export function contentTag(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url')}"`;
}

/** Exact. Whether an If-None-Match field names the tag, by weak comparison. */
export function matches(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const bare = (text: string): string => text.trim().replace(/^W\//, '');
  return ifNoneMatch.split(',').some((candidate) => bare(candidate) === bare(tag));
}
