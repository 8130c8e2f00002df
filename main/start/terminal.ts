#!/usr/bin/env node
// Front door of the terminal face: what a process has (streams, signals, a person at the keyboard), handed to the commands.
import { printable } from '../base/printable.ts';
import { systemRandom } from '../base/random.ts';
import { exit, type Streams } from '../cli/context.ts';
import { type AskedToken, askPin, askPinOnce, nextLine } from '../cli/pin-prompt.ts';
import { languageAsked, runCommand } from '../cli/program.ts';
import { environmentLanguage } from './environment-language.ts';
import { openInBrowser } from './open-in-browser.ts';
import { keepToOwner } from './owner-only.ts';
import { openPorts } from './real-ports.ts';
import type { Host } from './real-signer.ts';
import { terminalContext } from './terminal-context.ts';

keepToOwner();
const isLive = process.stderr.isTTY === true && process.env.TERM !== 'dumb';
const live = isLive ? (await import('log-update')).createLogUpdate(process.stderr, { showCursor: true }) : null;

const streams: Streams = {
  language: languageAsked(process.argv) ?? environmentLanguage(),
  answer: (line) => void process.stdout.write(`${printable(line)}\n`),
  say: (line) => void process.stderr.write(`${printable(line)}\n`),
  live: isLive,
  columns: process.stderr.columns ?? 120,
  redraw: (lines) => (lines.length === 0 ? live?.done() : live?.(lines.map(printable).join('\n'))),
};

const ports = openPorts(systemRandom);

const { stdin, stderr } = process;
/** Only where somebody sits at a terminal can somebody be asked. */
const host: Host =
  stdin.isTTY && stderr.isTTY
    ? { ask: askPinOnce({ input: stdin, show: (text) => void stderr.write(text) }, pinQuestion) }
    : {};

async function pinQuestion(token: AskedToken): Promise<string> {
  const { asked } = (await import('../cli/words.ts')).wordsOf({ streams }).terminal;
  return `${asked.pin({ who: asked.token(token) })} `;
}

/** Ctrl-C, a service manager, a terminal that was closed. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const context = terminalContext({
  streams,
  host,
  openPort: ports.open,
  askSecret: (question) =>
    stdin.isTTY && stderr.isTTY
      ? askPin({ input: stdin, show: (text) => void stderr.write(text) }, question)
      : Promise.resolve(nextLine(stdin.fd)),
  openInBrowser,
  onInterrupt(listener) {
    let times = 0;
    const heard = () => {
      times++;
      if (times > 2) process.exit(process.exitCode ?? exit.board);
      listener(times);
    };
    for (const signal of endings) process.on(signal, heard);
    return () => {
      // whoever still waits for the program ends it as the third one does: a signal's own end would leave no exit status
      times = 2;
    };
  },
  leave: (status) => process.exit(status),
});

// A reader that goes away (audit list | head) is no fault of ours, and no reason to drop a board in the middle of a burn.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

process.exitCode = await runCommand(process.argv.slice(2), context);
await ports.close();
