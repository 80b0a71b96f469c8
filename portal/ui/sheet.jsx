import { useEffect, useRef } from "react";

// A native modal dialog: the browser traps the focus, closes on Esc, makes the rest inert and returns the focus.
export function Sheet({ open, label, onClose, children }) {
  const ref = useRef(null);
  useEffect(() => {
    const dialog = ref.current;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog
      ref={ref}
      className="pj-sheet"
      aria-label={label}
      // The state closes it: until its answer comes, what was typed stays.
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <div className="pj-sheet__body">
        <div className="pj-sheet__bar">
          <button type="button" className="fr-btn--close fr-btn" title="Fermer" onClick={() => onClose()}>
            Fermer
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
