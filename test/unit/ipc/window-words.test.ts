import assert from 'node:assert/strict';
import { test } from 'node:test';
import { windowWords as wordsOf } from '../../../main/start/window-words.ts';

const windowWords = (words: readonly string[]) => wordsOf(words, false);

test('places, the kiosk and how the window is drawn are taken', () => {
  assert.deepEqual(windowWords([]), { places: {}, isKiosk: false });
  assert.deepEqual(windowWords(['--data', '/srv/line 3', '--kiosk', '--station=/etc/line.yaml']), {
    places: { data: '/srv/line 3', station: '/etc/line.yaml' },
    isKiosk: true,
  });
  assert.deepEqual(windowWords(['--ozone-platform=wayland', '--force-device-scale-factor=1.5', '--disable-gpu']), {
    places: {},
    isKiosk: false,
  });
});

test('nothing else is, however Chromium would read it', () => {
  for (const words of [
    ['--remote-debugging-port=9222'],
    ['-remote-debugging-port=9222'],
    ['/remote-debugging-port=9222'],
    ['--REMOTE-DEBUGGING-PORT=9222'],
    ['--remote-debugging-pipe'],
    ['--data', '/srv', '--inspect'],
    ['--no-sandbox'],
    ['--disable-web-security'],
    ['--js-flags=--expose-gc'],
    ['--utility-cmd-prefix=gdb'],
    ['--renderer-cmd-prefix=xterm -e gdb'],
    ['--gpu-launcher=/tmp/x'],
    ['--load-extension=/tmp/x'],
    ['--user-data-dir=/tmp/x'],
    ['--proxy-server=127.0.0.1:1'],
    ['--enable-features=X'],
    ['--log-net-log=/tmp/x'],
    ['--kiosk=no'],
    ['--'],
    ['/srv/data'],
    [''],
    ['--disable-gpu\n--inspect'],
    ['--data'],
    ['--data='],
    ['--data', '--kiosk'],
    ['--station', '-remote-debugging-port=1'],
  ])
    assert.throws(() => windowWords(words), { code: 'desktop.word' }, words.join(' '));
});

test('none is taken without the sandbox of the page', () => {
  assert.throws(() => wordsOf([], true), { code: 'desktop.no-sandbox' });
});
