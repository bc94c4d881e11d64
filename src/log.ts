/**
 * The log of a process: one JSON line per event, and no secret in any of them.
 *
 * ioredis hangs the command that failed on its errors, arguments and all: an AUTH that is refused
 * would print the password, a SET whatever was being kept. So of a command its name alone is logged.
 * Whatever line is written, passwords in URLs and API keys are masked in it; header fields are not
 * logged at all.
 */
import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from './config.js';

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/(rediss?:\/\/)[^@/\s"]*@/g, '$1***@'],
  [/\bgck_([0-9a-f]{16})_[A-Za-z0-9_-]+/g, 'gck_$1_***'],
];

/** Total. The text with whatever is known to be secret masked. */
export function withoutSecrets(text: string): string {
  return SECRETS.reduce((shown, [secret, mask]) => shown.replace(secret, mask), text);
}

/** What is logged of an error: its words, with those of its causes, and of all that hangs on it two names. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack } = stdSerializers.err(error);
  const { code, command } = error as { code?: unknown; command?: { name?: unknown } };
  return {
    type,
    message,
    stack,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof command?.name === 'string' ? { command: command.name } : {}),
  };
}

/** A log to standard output, or wherever told. */
export function openLog(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    serializers: { err: errorFields, error: errorFields },
    hooks: { streamWrite: withoutSecrets },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
