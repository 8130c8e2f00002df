import { FixtureFault } from '../model/fault.ts';

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The port went away by itself: unplugged, the peer closed. */
export function portGone(address: string, cause?: unknown): FixtureFault {
  return new FixtureFault({
    code: 'transport.gone',
    what: `The port ${address} went away${cause === undefined ? '' : ` (${text(cause)})`}.`,
    next: 'Check the USB cable and the power of the fixture, then try the board again.',
    details: { address },
    cause,
  });
}

/** Used after `close`. */
export function portClosed(address: string): FixtureFault {
  return new FixtureFault({
    code: 'transport.gone',
    what: `The port ${address} was closed.`,
    next: 'Open the port again.',
    details: { address },
  });
}

export function portDenied(address: string, cause?: unknown): FixtureFault {
  return new FixtureFault({
    code: 'transport.denied',
    what: `This user may not open the port ${address}.`,
    next:
      process.platform === 'linux'
        ? 'Add the user to the group that owns the port (dialout on Debian and Ubuntu, uucp on Arch), then log in again.'
        : 'Give this user the right to open the port, or close the program that holds it.',
    details: { address },
    cause,
  });
}

export function portBusy(address: string, cause?: unknown): FixtureFault {
  return new FixtureFault({
    code: 'transport.busy',
    what: `Another program holds the port ${address}.`,
    next: 'Close the serial monitor, terminal, IDE or other station that uses this port (a modem manager may hold it too).',
    details: { address },
    cause,
  });
}

export function portNotFound(address: string, cause?: unknown): FixtureFault {
  return new FixtureFault({
    code: 'transport.not-found',
    what: `There is no port ${address}.`,
    next: 'Plug the fixture in, check its cable, and compare the address with the list of ports.',
    details: { address },
    cause,
  });
}

export function portRefused(address: string, cause?: unknown): FixtureFault {
  return new FixtureFault({
    code: 'transport.refused',
    what: `Nothing listens at ${address}.`,
    next: 'Start the serial server there, and check the port number and the firewall.',
    details: { address },
    cause,
  });
}

export function portTimeout(address: string, waitedFor: string): FixtureFault {
  return new FixtureFault({
    code: 'transport.timeout',
    what: `${address} did not answer in time (${waitedFor}).`,
    next: 'Check the network and that the far end is a serial server of this kind, then try again.',
    details: { address, waitedFor },
  });
}

export function portIo(address: string, what: string, cause?: unknown): FixtureFault {
  return new FixtureFault({
    code: 'transport.io',
    what: `The port ${address} failed: ${what}${cause === undefined ? '' : ` (${text(cause)})`}.`,
    next: 'Unplug the fixture and plug it in again; replace the adapter if it happens often.',
    details: { address },
    cause,
  });
}

/** Turns an error of the operating system into the sentence for it. `doing` completes "failed: ...". */
export function portFault(address: string, doing: string, error: unknown): FixtureFault {
  if (error instanceof FixtureFault) return error;
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  const message = text(error);
  const says = (pattern: RegExp): boolean => pattern.test(code) || pattern.test(message);
  if (says(/EACCES|EPERM|permission denied|access denied/i)) return portDenied(address, error);
  if (says(/EBUSY|EAGAIN|cannot lock|resource busy|temporarily unavailable/i)) return portBusy(address, error);
  if (says(/ECONNREFUSED/)) return portRefused(address, error);
  if (says(/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/)) return portTimeout(address, doing);
  if (says(/ENOTFOUND|EAI_AGAIN/)) return hostNotFound(address, error);
  if (says(/ENOENT|ENODEV|no such file|file not found/i)) return portNotFound(address, error);
  if (says(/ENXIO|EIO|EBADF|ECONNRESET|EPIPE/)) return portGone(address, error);
  return portIo(address, doing, error);
}

function hostNotFound(address: string, cause: unknown): FixtureFault {
  return new FixtureFault({
    code: 'transport.not-found',
    what: `The host name in ${address} is not known.`,
    next: 'Check the spelling of the host name, or use its IP address.',
    details: { address },
    cause,
  });
}
