/**
 * All waiting times of the protocol, in milliseconds, each with its reason. To every wait for an answer comes the time that the request
 * itself takes on the wire. The figures are esptool's where it has one (FACTS 1.7).
 */
export const timeouts = {
  /** Any command that does no slow work in the chip. */
  command: 3000,
  /** One of several READ_REGs that were sent in one go: a ROM answers each in a millisecond. What is lost is asked again by itself. */
  together: 600,
  /** A driver that takes nothing for so long never will (esptool's figure). */
  write: 10_000,
  /** SYNC: the loader answers at once or was not listening; several tries follow each other. */
  sync: 100,
  /** Between two SYNC tries, so that a chip coming out of reset is met. */
  syncPause: 50,
  /** Between two frames of an answer that comes eight times: they are sent back to back. */
  repeatedAnswer: 50,
  /** MEM_END: a ROM may jump before its answer is out. */
  memoryEnd: 200,
  /** The stub's greeting after the jump: it waits for the ROM's UART to be idle first. */
  stubGreeting: 3000,
  /** A piece of 64 KiB read from flash, beside its time on the wire: whatever comes drop by drop ends then. */
  readPiece: 10_000,
  /** A ROM whose door may just have been shut: it answers at once or never. Too short does no harm (see knock). */
  door: 200,
  /** After CHANGE_BAUDRATE: the chip switches when its answer has left (esptool's 50 ms). */
  baudSettle: 50,
  /** A timer that fires so much late says that this process was held up, and that unread bytes may wait. */
  heldUp: 20,
  /** As long as this they are waited for then. */
  heldUpMost: 1000,
  /** Nothing takes longer, whatever the size. */
  longest: 240_000,
} as const;

const MB = 1e6;

/** Slow work grows with the size (bytes): so many seconds a megabyte, never below a plain command. */
function perMegabyte(seconds: number, size: number): number {
  return Math.min(timeouts.longest, Math.max(timeouts.command, (seconds * 1000 * size) / MB));
}

/** MD5 over flash: 8 s a MB on the slowest part. */
export const md5Timeout = (size: number): number => perMegabyte(8, size);
/** Erasing: 40 s a MB on the slowest flash parts in their worst state. */
export const eraseTimeout = (size: number): number => perMegabyte(40, size);
/** Erasing as it writes, as the stub does. */
export const writeTimeout = (size: number): number => perMegabyte(40, size);
