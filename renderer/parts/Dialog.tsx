import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from '../words/words.ts';

/** A question that must be answered or put away. Focus stays in it and goes back to where it came from. */
export function Dialog({
  title,
  open,
  onClose,
  children,
  wide,
}: {
  readonly title: string;
  readonly open: boolean;
  onClose(): void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}) {
  return (
    <Modal
      opened={open}
      onClose={onClose}
      title={title}
      size={wide ? 720 : 520}
      centered
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': words.close, size: 'lg' }}
      overlayProps={{ backgroundOpacity: 0.45 }}
    >
      {children}
    </Modal>
  );
}
