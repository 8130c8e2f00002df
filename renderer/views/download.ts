import type { ExportedFile } from '../../main/contract/views.ts';

/** Hands a file of the station to the person's own folder. */
export function saveFile(file: ExportedFile): void {
  const bytes = Uint8Array.from(atob(file.data), (character) => character.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type: file.mime }));
  const link = document.createElement('a');
  link.href = address;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
