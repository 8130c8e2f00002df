import { app, type Session, type WebContents } from 'electron';

/** Where the page comes from: a scheme of the program's own, so that nothing has the rights of files. */
export const pageScheme = 'app';
export const pageOrigin = `${pageScheme}://fuseline`;

export function isOurPage(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}` === pageOrigin;
}

/** What no page may do, whichever it is: go elsewhere, open windows, hold other pages. For every content that ever comes to be. */
export function guardContents(): void {
  app.on('web-contents-created', (_, contents) => guard(contents));
}

function guard(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!isOurPage(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/** Nothing that asks for leave gets it: no camera, no notifications, no serial ports. Nothing is fetched from elsewhere. */
export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((_, __, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest((details, answer) => {
    const { protocol } = new URL(details.url);
    answer({
      cancel: !(isOurPage(details.url) || protocol === 'devtools:' || protocol === 'data:' || protocol === 'blob:'),
    });
  });
}
