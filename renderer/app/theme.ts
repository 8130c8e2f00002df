import { createTheme } from '@mantine/core';

/** What the component library must know in numbers; its colours stand in theme.css. */
export const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 4,
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'md' } },
    Select: { defaultProps: { comboboxProps: { transitionProps: { duration: 0 } } } },
    Tooltip: { defaultProps: { transitionProps: { duration: 0 } } },
  },
});
