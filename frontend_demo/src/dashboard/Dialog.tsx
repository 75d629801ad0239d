/** A modal on the browser's own <dialog>: focus trap, Esc and the way back to where focus was come with it. */
import { type ReactNode, useEffect, useId, useRef } from "react";

interface DialogProps {
  title: ReactNode;
  children: ReactNode;
  className?: string;
  onClose(): void;
  onKeyDown?(event: React.KeyboardEvent): void;
}

export function Dialog({ title, children, className = "", onClose, onKeyDown }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      onKeyDown={onKeyDown}
    >
      <div className="dialog-body">
        <header className="dialog-header">
          <h2 id={titleId}>{title}</h2>
          <button type="button" className="quiet icon" onClick={onClose} aria-label="Close">
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
