// Stands in for Electron's module where its program is not at hand: remembers what it was told, and can be made to say what Electron says.
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { registerHooks } from 'node:module';

export interface Told {
  readonly what: string;
  readonly values: readonly unknown[];
}

/** Everything the program told Electron, in order. */
export const told: Told[] = [];

const tell = (what: string, ...values: unknown[]) => void told.push({ what, values });

/** What was said with one word, each time. */
export function toldOf(what: string): readonly (readonly unknown[])[] {
  return told.filter((one) => one.what === what).map((one) => one.values);
}

class FakeApp extends EventEmitter {
  readonly isPackaged = false;
  hasLock = true;
  isReady: () => void = () => undefined;
  getLocale = () => 'en-GB';
  readonly #ready = new Promise<void>((resolve) => {
    this.isReady = resolve;
  });
  /** Switches of the command line, as Chromium took them. */
  readonly switches = new Set<string>();
  readonly commandLine = { hasSwitch: (name: string) => this.switches.has(name) };
  whenReady = () => this.#ready;
  requestSingleInstanceLock = () => this.hasLock;
  enableSandbox = () => tell('enableSandbox');
  exit = (code: number) => tell('exit', code);
  #isQuitting = false;
  /** As Electron's: until the promises that a handler has kept are through, it hears no other. */
  quit = () => {
    if (this.#isQuitting) return;
    this.#isQuitting = true;
    setImmediate(() => (this.#isQuitting = false));
    tell('quit');
    this.emit('will-quit', { preventDefault: () => tell('quit put off') });
  };
}

export class FakeContents extends EventEmitter {
  openHandler: ((details: { url: string }) => { action: string }) | null = null;
  readonly sent: unknown[][] = [];
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }
  send(...values: unknown[]): void {
    this.sent.push(values);
  }
  isLoading = () => false;
  isCrashed = () => false;
}

export class FakeWindow extends EventEmitter {
  static last: FakeWindow | null = null;
  readonly options: Record<string, unknown> & { webPreferences: Record<string, unknown> };
  readonly webContents = new FakeContents();
  loaded = '';
  reloads = 0;
  constructor(options: FakeWindow['options']) {
    super();
    this.options = options;
    FakeWindow.last = this;
    app.emit('web-contents-created', {}, this.webContents);
  }
  loadURL(address: string): Promise<void> {
    this.loaded = address;
    return Promise.resolve();
  }
  reload(): void {
    this.reloads++;
  }
  show = () => tell('show');
  focus = () => tell('focus');
  restore = () => tell('restore');
  isMinimized = () => true;
  setKiosk = (is: boolean) => tell('kiosk', is);
  destroy = () => tell('destroy');
  isDestroyed = () => false;
}

/** Handlers of the window's calls, by channel. */
export const handlers = new Map<string, (event: unknown, ...values: unknown[]) => unknown>();
/** What the page sends without waiting for an answer, by channel. */
export const heard = new EventEmitter();
export const protocols = new Map<string, (request: Request) => Promise<Response>>();
export const sessionGuards: Record<string, (...values: never[]) => unknown> = {};
export const answers = { messageBox: 0 };

/** A process with a port to its parent, as Electron's utility processes have: our own Node.js with that port put before its module. */
const parentPort =
  'data:text/javascript,process.parentPort = { on: (name, listener) => process.on(name, (data) => listener({ data })), postMessage: (data) => process.send(data) };';

class FakeUtility extends EventEmitter {
  readonly #child: ChildProcess;
  constructor(module: string, words: string[], options: { env: NodeJS.ProcessEnv }) {
    super();
    tell('utility', module, words, options);
    this.#child = fork(module, words, {
      env: options.env,
      execArgv: ['--import', parentPort],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child.on('message', (message) => this.emit('message', message));
    this.#child.on('exit', (code) => this.emit('exit', code ?? 1));
  }
  get pid(): number | undefined {
    return this.#child.pid;
  }
  postMessage = (message: unknown) => void (this.#child.connected && this.#child.send(message as object));
  kill = () => this.#child.kill();
}

export const app = new FakeApp();
const electron = {
  app,
  BrowserWindow: FakeWindow,
  dialog: {
    showErrorBox: (...values: unknown[]) => tell('errorBox', ...values),
    showMessageBox: (...values: unknown[]) => {
      tell('messageBox', ...values);
      return Promise.resolve({ response: answers.messageBox });
    },
  },
  ipcMain: {
    handle: (channel: string, handler: (event: unknown, ...values: unknown[]) => unknown) =>
      handlers.set(channel, handler),
    removeHandler: (channel: string) => handlers.delete(channel),
    on: (channel: string, listener: (event: unknown, ...values: unknown[]) => void) => heard.on(channel, listener),
    removeListener: (channel: string, listener: (...values: unknown[]) => void) => heard.off(channel, listener),
  },
  Menu: { setApplicationMenu: (menu: unknown) => tell('menu', menu) },
  powerSaveBlocker: {
    start: (kind: string) => {
      tell('stay awake', kind);
      return 7;
    },
    stop: (id: number) => tell('may sleep', id),
  },
  protocol: {
    registerSchemesAsPrivileged: (schemes: unknown) => tell('schemes', schemes),
    handle: (scheme: string, handler: (request: Request) => Promise<Response>) => protocols.set(scheme, handler),
  },
  safeStorage: {
    isEncryptionAvailable: () => true,
    getSelectedStorageBackend: () => 'gnome_libsecret',
    encryptString: (text: string) => Buffer.from(`sealed ${Buffer.from(text, 'latin1').toString('base64')}`),
    decryptString: (sealed: Buffer) => {
      const kept = /^sealed (.*)$/.exec(String(sealed))?.[1];
      if (kept === undefined) throw new Error('not sealed here');
      return Buffer.from(kept, 'base64').toString('latin1');
    },
  },
  session: {
    defaultSession: {
      setPermissionRequestHandler: (handler: never) => (sessionGuards.request = handler),
      setPermissionCheckHandler: (handler: never) => (sessionGuards.check = handler),
      setDevicePermissionHandler: (handler: never) => (sessionGuards.device = handler),
      webRequest: { onBeforeRequest: (handler: never) => (sessionGuards.before = handler) },
    },
  },
  utilityProcess: {
    fork: (module: string, words: string[], options: never) => new FakeUtility(module, words, options),
  },
};

const place = Symbol.for('fuseline.fake-electron');
(globalThis as Record<symbol, unknown>)[place] = electron;

// A module of its own that hands out the same objects under the names that are imported.
registerHooks({
  resolve: (name, context, next) =>
    name === 'electron' ? { url: 'fake:electron', format: 'module', shortCircuit: true } : next(name, context),
  load: (url, context, next) =>
    url === 'fake:electron'
      ? {
          format: 'module',
          shortCircuit: true,
          source: `const e = globalThis[Symbol.for('fuseline.fake-electron')];\n${Object.keys(electron)
            .map((name) => `export const ${name} = e.${name};`)
            .join('\n')}`,
        }
      : next(url, context),
});
