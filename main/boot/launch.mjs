// The front step of every npm script. It runs with nothing installed but Node.js >= 20: brings node_modules up to the lockfile,
// then gives the process over to the pinned Node.js with the entry that was asked for.
//
//   node main/boot/launch.mjs ENTRY [ARGUMENT ...]
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtEntry } from './built.mjs';
import { nodeWords } from './node-words.mjs';
import { pinnedNode, stampFile, stampOf } from './stamp.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const needed = 24;

/** @param {string} sentence @returns {never} */
function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(3);
}

/** The Node.js that runs the product: the pinned one of node_modules, or where none exists for this platform, the running one. */
function productNode() {
  const pinned = pinnedNode(root);
  if (existsSync(pinned)) return pinned;
  if (Number.parseInt(process.versions.node, 10) >= needed) return process.execPath;
  return refuse(
    `Fuseline needs Node.js ${needed} or newer on this platform (${process.platform} ${process.arch}), and this is ${process.version}: ` +
      'please install it from https://nodejs.org and start again.',
  );
}

const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined) refuse('Usage: node main/boot/launch.mjs ENTRY [ARGUMENT ...]');
const script = join(root, entry);

const file = stampFile(root);
if (!existsSync(file) || readFileSync(file, 'utf8') !== stampOf(root)) {
  const { install } = await import('./install.mjs');
  const failure = await install(root);
  if (failure !== null) refuse(failure);
}
if (!existsSync(script)) refuse(`There is no ${entry} in this copy of Fuseline.`);

const node = productNode();
const program = (entry === 'main/start/terminal.ts' ? builtEntry(root, 'terminal') : null) ?? script;
// Types are stripped and code is compiled once, not at every start of the station and of its token and ledger threads.
process.env.NODE_COMPILE_CACHE ??= join(root, '.cache', 'compile');
// From Node 23.11 on a process can hand itself over: no second process stands between the terminal and the product.
if (process.execve && process.platform !== 'win32')
  process.execve(node, [node, ...nodeWords, program, ...rest], process.env);

const child = spawn(node, [...nodeWords, program, ...rest], { stdio: 'inherit' });
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    // Ctrl-C at a terminal reaches the whole process group by itself; a second one would mean 'at once' to the product.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('error', (error) => refuse(`The Node.js of this project could not be started (${error.message}).`));
child.on('exit', (code, signal) => {
  process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
});
