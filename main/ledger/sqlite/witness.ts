import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ChainHead } from '../chain.ts';

/** The head that is remembered beside the book: shows a book whose end was cut off or that was replaced by an older copy. */
export function witnessFile(file: string): string {
  return `${file}.head`;
}

export function writeWitness(file: string, head: ChainHead): void {
  const temporary = `${witnessFile(file)}.new`;
  writeFileSync(temporary, `${JSON.stringify(head)}\n`);
  renameSync(temporary, witnessFile(file));
}

/** The remembered head; null where there is none that can be read. */
export function readWitness(file: string): ChainHead | null {
  try {
    const value = JSON.parse(readFileSync(witnessFile(file), 'utf8')) as ChainHead;
    return Number.isSafeInteger(value.row) && typeof value.hash === 'string' ? value : null;
  } catch {
    return null; // absent, or torn by a power cut: a witness that cannot speak
  }
}
