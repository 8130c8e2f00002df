import { BoardFault, FixtureFault, ProgramFault } from '../model/fault.ts';
import { errorName } from './errors.ts';

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

/** The loader answered with an error. */
export function refused(name: string, opcode: number, status: number, error: number): BoardFault {
  return new BoardFault({
    code: 'protocol.refused',
    what: `The board's loader refused ${name}: ${errorName(status, error)} (status ${hex(status)}, error ${hex(error)}).`,
    next: 'Try the board once more; set it aside when it refuses again.',
    safety: 'resumable',
    details: { command: name, opcode, status, error },
  });
}

export function beyondRom(end: number): BoardFault {
  return new BoardFault({
    code: 'protocol.beyond-rom',
    what: `Flash up to ${hex(end)} was asked for, and the loader in ROM addresses 16 MB alone.`,
    next: 'Use a fixture with reset lines, and leave flash.stub at auto: the stub writes beyond 16 MB.',
    safety: 'resumable',
    details: { end },
  });
}

export function closedBySecureDownload(name: string, opcode: number): BoardFault {
  return new BoardFault({
    code: 'protocol.secure-download',
    what: `The board is in secure download mode, which does not know ${name}.`,
    next: 'This board was closed before: look for its record by the serial number on its label (audit list), or ask what it is (recover).',
    safety: 'shut',
    details: { command: name, opcode },
  });
}

/** `consoleRate`: the rate at which the board said so, and at which its firmware will be heard. */
export function downloadDisabled(consoleRate: number): BoardFault {
  return new BoardFault({
    code: 'protocol.download-disabled',
    what: 'The board says that its download mode is switched off for good.',
    next: 'Look for its record by the serial number on its label (audit list), or ask what it is (recover): one that waits for its seal is finished by the station that began it.',
    safety: 'shut',
    details: { consoleRate },
  });
}

export function noAnswer(address: string, lines: boolean, console: readonly string[]): FixtureFault {
  const booted = console.some((line) => /boot:0x[0-9a-f]+ \((SPI|SPI_FAST)_?FLASH_BOOT/.test(line));
  const what = booted
    ? `The board on ${address} starts from flash instead of its loader.`
    : console.length > 0
      ? `The board on ${address} prints, but its loader does not answer.`
      : `No board answers on ${address}.`;
  const next = booted
    ? 'Check the wire from DTR to the boot pin, or hold the boot button while the board is reset.'
    : lines
      ? 'Check that the board is in, has power, and that TX, RX, EN and the boot pin are connected; try another cable.'
      : 'This port cannot reset the board: hold the boot pin low, reset the board, and try again.';
  return new FixtureFault({
    code: 'protocol.no-answer',
    what,
    next,
    safety: 'untouched',
    details: { address, lastLine: console.at(-1) ?? null },
  });
}

export function timedOut(name: string, opcode: number, waitedMs: number): FixtureFault {
  return new FixtureFault({
    code: 'protocol.timeout',
    what: `The board did not answer ${name} within ${(waitedMs / 1000).toFixed(1)} s.`,
    next: 'Check the power of the board and the cable, then try the board again.',
    safety: 'resumable',
    details: { command: name, opcode, waitedMs: Math.round(waitedMs) },
  });
}

export function garbled(name: string, opcode: number): FixtureFault {
  return new FixtureFault({
    code: 'protocol.garbled',
    what: `The answer to ${name} came damaged.`,
    next: 'Check the cable and its length, and try a lower baud rate.',
    safety: 'resumable',
    details: { command: name, opcode },
  });
}

export function restarted(): FixtureFault {
  return new FixtureFault({
    code: 'protocol.restarted',
    what: 'The board restarted in the middle of the conversation.',
    next: 'Check the power of the board, then try it again.',
    safety: 'resumable',
  });
}

export function noReset(address: string): FixtureFault {
  return new FixtureFault({
    code: 'protocol.no-reset',
    what: `The port ${address} has no lines to reset the board with.`,
    next: 'Use a port with DTR and RTS, or let the operator reset the board.',
    details: { address },
  });
}

export function stubUnusable(reason: string): BoardFault {
  return new BoardFault({
    code: 'protocol.stub-unusable',
    what: `The flasher stub cannot be used on this board: ${reason}.`,
    next: 'Stay with the ROM loader.',
    safety: 'resumable',
  });
}

export function misaligned(what: string): ProgramFault {
  return new ProgramFault({
    code: 'protocol.alignment',
    what,
    next: 'Report this with the code: the plan should have refused it.',
  });
}
