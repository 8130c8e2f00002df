import { useComputedColorScheme } from '@mantine/core';

/** 'light' or 'dark' as the page is now. */
export function useScheme(): 'light' | 'dark' {
  return useComputedColorScheme('light');
}
