import { en } from './en.ts';

/** The table of words of the language in use. A second language is a second file of this shape. */
export type Words = typeof en;
export const words: Words = en;
