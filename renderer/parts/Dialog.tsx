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
    <Modal.Root
      opened={open}
      onClose={onClose}
      size={wide ? 720 : 520}
      centered
      lockScroll={false}
      transitionProps={{ duration: 0 }}
    >
      <Modal.Overlay backgroundOpacity={0.45} />
      <Modal.Content>
        {/* no header element: beside a page's own it would be a second banner */}
        <div className="dialog-head">
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label={words.close} size="lg" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
