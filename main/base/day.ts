/** Whether a text such as 2026-11-30 is a day that there is: JavaScript takes February 30 for a day in March. */
export function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}
