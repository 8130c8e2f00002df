// The program log in files: one JSON object a line (pino), in a handful of files of bounded size that roll (rotating-file-stream).
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { createStream } from 'rotating-file-stream';
import { type Log, type LogFacts, type OpenLog, plainOf } from '../base/log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface FileLogOptions {
  /** Folder of the files; made where it is missing, for its owner alone. */
  readonly folder: string;
  /** Entries below it are not written. */
  readonly level: LogLevel;
  /** Bytes of one file before the next is begun, and files that are kept beside it. */
  readonly fileBytes?: number;
  readonly keptFiles?: number;
}

export interface FileLog extends OpenLog {
  /** What kept entries from being written, or null: a full disk stops the log, never the station. */
  readonly trouble: Error | null;
  /** An entry written at once: for a program that is about to end by a defect of its own. */
  lastWords(event: string, facts: LogFacts): void;
}

/** The file that is written; older ones are `fuseline.1.log` (the youngest of them), `fuseline.2.log` ... */
export const currentLogFile = 'fuseline.log';

/** Opens the log. Throws nothing: where its folder cannot be made or written, `trouble` says so and entries are dropped. */
export function openFileLog({ folder, level, fileBytes = 5_000_000, keptFiles = 5 }: FileLogOptions): FileLog {
  let trouble: Error | null = null;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    trouble = error as Error;
  }
  const nameOf = (index: number | Date | null) => (index === null ? currentLogFile : `fuseline.${Number(index)}.log`);
  const stream = createStream(nameOf, {
    path: folder,
    size: `${Math.ceil(fileBytes / 1000)}K`,
    rotate: keptFiles,
    mode: 0o600,
  });
  stream.on('error', (error) => {
    trouble = error;
  });
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'event',
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return Object.assign(over(logger), {
    get trouble() {
      return trouble;
    },
    lastWords(event: string, facts: LogFacts) {
      try {
        const entry = { level: 'error', time: new Date().toISOString(), ...(plainOf(facts) as object), event };
        appendFileSync(join(folder, currentLogFile), `${JSON.stringify(entry)}\n`, { mode: 0o600 });
      } catch (error) {
        trouble = error as Error;
      }
    },
    close: () => new Promise<void>((resolve) => stream.end(() => resolve())),
  });
}

function over(logger: Logger): Log {
  const write =
    (level: LogLevel) =>
    (event: string, facts: LogFacts = {}) => {
      if (logger.isLevelEnabled(level)) logger[level](plainOf(facts) as object, event);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    debugs: logger.isLevelEnabled('debug'),
    with: (facts) => over(logger.child(plainOf(facts) as Record<string, unknown>)),
  };
}
